/* SPDX-License-Identifier: ISC */
/*
 * Compiled scripts.  Code is one run of bytes that can be kept in a file:
 *
 *	"PSV" version	u32 CRC32C of what follows
 *	u64 extensions	that a run needs
 *	scripts		the main one first: name, place, hash of its text, entry
 *	slots		variables: owner, name
 *	strings
 *	instructions
 *
 * Integers are little-endian, or of seven bits a byte ("varint").  A script
 * ends in RETURN.  Jumps go forward, but BACK to the NEXT of its loop.
 */
#ifndef SIEVE_CODE_H
#define SIEVE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

enum { SIEVE_CODE_VERSION = 1 };

enum sieve_op {
	SIEVE_OP_STOP,
	SIEVE_OP_RETURN,
	SIEVE_OP_JUMP,    /* u32 where */
	SIEVE_OP_JUMP_IF, /* u32: when the last test was true */
	SIEVE_OP_JUMP_UNLESS,
	SIEVE_OP_TRUE,
	SIEVE_OP_FALSE,
	SIEVE_OP_NOT,
	SIEVE_OP_WORD,  /* a command or test, see below */
	SIEVE_OP_ENTER, /* u32: where the block of a host's command ends */
	SIEVE_OP_LEAVE, /* that end */
	SIEVE_OP_CALL,  /* script, u8 once, line */
	SIEVE_OP_LOOP,  /* foreverypart begins */
	SIEVE_OP_NEXT,  /* u32: where to go behind the last part */
	SIEVE_OP_BACK,  /* u32 */
	SIEVE_OP_POP,   /* u8 how many loops end */
	SIEVE_OPS,
};

/* A word: u8 its id, line, u8 number of tags, each u8 id and the operand that
 * it takes; an operand for each argument in the table. */
enum sieve_operand_kind {
	SIEVE_NONE, /* left out */
	SIEVE_NUM,  /* value */
	SIEVE_STR,  /* string */
	SIEVE_TEXT, /* number of pieces, pieces */
	SIEVE_SLOT, /* variable */
	SIEVE_STRS, /* number, operands of STR, TEXT or SLOT */
	SIEVE_OPERAND_KINDS,
};

enum sieve_code_piece {
	SIEVE_CODE_STR,
	SIEVE_CODE_SLOT,
	SIEVE_CODE_MATCH, /* number */
	SIEVE_CODE_HOST,  /* string: a name in the host's namespace */
	SIEVE_CODE_PIECES,
};

/* Where scripts are looked for (RFC 6609 3.2). */
enum sieve_location { SIEVE_PERSONAL, SIEVE_GLOBAL };

/* Reads code; failure is sticky and gives zeros. */
struct sieve_reader {
	const unsigned char *p, *end;
	bool failed;
};

uint8_t sieve_code_u8(struct sieve_reader *r);
uint32_t sieve_code_u32(struct sieve_reader *r);
uint64_t sieve_code_u64(struct sieve_reader *r);
/* At most MAX. */
uint64_t sieve_code_varint(struct sieve_reader *r, uint64_t max);
struct slice sieve_code_bytes(struct sieve_reader *r, size_t n);

void sieve_code_put_u32(struct buf *b, uint32_t v);
void sieve_code_put_u64(struct buf *b, uint64_t v);
void sieve_code_put_varint(struct buf *b, uint64_t v);
void sieve_code_put_bytes(struct buf *b, struct slice s); /* with its length */
/* Over what stands there. */
void sieve_code_set_u32(struct buf *b, size_t at, uint32_t v);

#endif
