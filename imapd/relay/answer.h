/* SPDX-License-Identifier: ISC */
/* What the imapd of another account answers, cut into pieces as it comes: lines
 * and the literals in them.  No more of it is understood than where an answer
 * ends, and which one ends a command. */
#ifndef IMAPD_RELAY_ANSWER_H
#define IMAPD_RELAY_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The tag of commands of our own, with its blank: a client's answer is never
 * looked for while one of them is out. */
extern const struct slice answer_own_tag;

/* Zero it before the first piece. */
struct answer_reader {
	unsigned skip; /* answers to commands of our own to come */

	/* Of what is being read. */
	bool inside; /* an answer has begun */
	bool own;    /* it is to a command of our own */
	bool last;   /* it ends a command */
	uint64_t left;
	char tail[32]; /* the end of the line so far */
	size_t ntail;
};

enum answer_kind {
	ANSWER_TEXT, /* of a line; it ends in LF or goes on */
	ANSWER_LITERAL,
	ANSWER_LAST, /* the whole line that ends the command */
};
struct answer_piece {
	struct slice bytes;
	enum answer_kind kind;
	bool own;
	bool ends; /* the answer */
};

enum answer_next { ANSWER_WAITS, ANSWER_PIECE, ANSWER_BROKEN };
/* The piece at the front of IN, not empty, while the command TAG is under way.
 * WAITS: more has to come first; BROKEN: this is no answer. */
enum answer_next answer_next(struct answer_reader *r, struct slice tag,
    struct slice in, struct answer_piece *piece);

#endif
