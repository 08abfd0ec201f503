/* SPDX-License-Identifier: ISC */
/*
 * ManageSieve as it is on the wire (RFC 5804 1.2, 4): commands of a client,
 * which are lines with strings in them, and responses.  Pure.
 */
#ifndef PROTO_MANAGESIEVE_H
#define PROTO_MANAGESIEVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/slice.h"

struct buf;

enum managesieve_need {
	MANAGESIEVE_MORE,     /* the command goes on */
	MANAGESIEVE_WHOLE,    /* it is there */
	MANAGESIEVE_LITERAL,  /* a literal that is too large for it begins */
	MANAGESIEVE_TOO_LONG, /* no end within the maximum: nothing can be read
				 any more */
};

/* How far the command at the start of the input was read; zeroed for each. */
struct managesieve_frame {
	size_t at;
	size_t literal; /* bytes of a literal still to come */
};

/* Look at IN, the input so far, which begins with the command and only grows;
 * all of it may have MAX bytes.  *LEN: bytes of the command, when WHOLE; of
 * what stands before the literal, whose size is *SIZE, when LITERAL: a caller
 * that drops those bytes may go on as if it were empty. */
enum managesieve_need managesieve_frame(struct managesieve_frame *f,
    struct slice in, size_t max, size_t *len, uint64_t *size);

/* What a command is made of; C fails where it is not there. */
struct slice managesieve_atom(struct cur *c);
/* A space and a string, quoted or literal; to OUT, which is emptied first. */
void managesieve_string(struct cur *c, struct buf *out);
/* The same without the space. */
void managesieve_bare_string(struct cur *c, struct buf *out);
/* A space and a number. */
uint32_t managesieve_number(struct cur *c);
/* The end of the command. */
void managesieve_end(struct cur *c);

/* S as a string: quoted where it can be, else a literal. */
void managesieve_put_string(struct buf *out, struct slice s);
/* A response line: WORD is OK, NO or BYE, CODE stands in parentheses (NULL:
 * none), TEXT is for people and may have several lines. */
void managesieve_put_reply(
    struct buf *out, const char *word, const char *code, struct slice text);

#endif
