/* SPDX-License-Identifier: ISC */
/*
 * A message on its way past: its header is kept, of its body the digests that
 * its signatures need, all in one pass and in memory that does not grow with
 * the body.  What is made of it: dkim/verify.h, dkim/arc.h, dkim/sign.h.
 */
#ifndef DKIM_MESSAGE_H
#define DKIM_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/slice.h"
#include "dkim/canon.h"
#include "dkim/result.h"
#include "dkim/signature.h"

struct dkim_limits {
	size_t header_bytes; /* 256 KiB; with more nothing is verified */
	unsigned signatures; /* 16; more, from the top, are passed over */
	unsigned key_bits_min, key_bits_max; /* of RSA: 1024, 4096 */
	int64_t skew_s; /* 300: so far in the future is now */
};
extern const struct dkim_limits dkim_limits_default;

/* A field of the header. */
struct dkim_head {
	struct dkim_head *next;  /* below it */
	struct dkim_head *above; /* the next of its name above it */
	struct slice name, value, raw;
};

/* A signature, as it was read. */
struct dkim_read {
	struct dkim_signature sig;
	const struct dkim_head *field;
	enum dkim_result wrong; /* with `why`: it cannot be verified */
	const char *why;        /* NULL: it can */
};

struct dkim_message {
	const struct dkim_limits *limits;
	struct arena arena;
	struct buf header;
	enum { DKIM_IN_HEADER, DKIM_IN_BODY, DKIM_ENDED } state;
	size_t line;    /* bytes of the line that is being read */
	bool too_large; /* the header is */
	struct dkim_head *first, **last;
	struct map names;        /* of the fields, lower case */
	struct dkim_read *reads; /* DKIM-Signature, from the top */
	size_t nreads;
	bool wanted[DKIM_CANONS];
	struct dkim_body body[DKIM_CANONS];
	uint8_t hash[DKIM_CANONS][32];
};

void dkim_message_init(
    struct dkim_message *m, const struct dkim_limits *limits);
void dkim_message_fini(struct dkim_message *m);
/* A digest of the body in this form is needed, too; before any byte. */
void dkim_message_want(struct dkim_message *m, enum dkim_canon canon);
/* The message, in pieces of any size. */
void dkim_message_add(struct dkim_message *m, struct slice bytes);
void dkim_message_end(struct dkim_message *m);

/* The last (lowest) field called NAME (lower case); NULL: none. */
const struct dkim_head *dkim_message_last(
    const struct dkim_message *m, const char *name);
/* Add what a signature is made over (RFC 6376 3.7): NAMES from the bottom up,
 * then RAW, the signature's own field, without its signature. */
void dkim_message_input(const struct dkim_message *m, enum dkim_canon canon,
    const struct slice *names, size_t nnames, struct slice raw,
    struct buf *out);

#endif
