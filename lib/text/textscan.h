/* SPDX-License-Identifier: ISC */
/*
 * The text of a message as it is searched: fields decoded, bodies of text parts
 * out of their transfer encoding and charset, all folded.  A piece at a time,
 * in bounded memory.
 */
#ifndef TEXT_TEXTSCAN_H
#define TEXT_TEXTSCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "mime/fold.h"
#include "mime/transfer.h"
#include "text/block.h"

struct charset;
struct mime_part;
struct visible;

/* Whose text it is. */
enum textscan_where {
	TEXTSCAN_HEADER, /* a field of the message's own header */
	TEXTSCAN_BODY,   /* a field of another part, or a body */
};

struct textscan {
	/* There is more text in window, behind what was left there before: of
	 * the same field or body, which is over at END.  What is used is taken
	 * off it; what is left when it is over goes. */
	void (*take)(struct textscan *s, enum textscan_where where, bool end);
	struct block *block;          /* borrowed */
	const struct mime_part *root; /* borrowed */
	const struct mime_part *part; /* the one being read; NULL: the end */
	bool in_header;               /* of part */
	struct slice fields;          /* left in it */
	bool in_body;                 /* of part */
	uint64_t pos;                 /* in its body */
	struct transfer transfer;
	struct charset *charset; /* NULL: the body is not read */
	struct visible *visible; /* NULL: all of the body is */
	struct fold fold;
	struct buf decoded, utf8;
	struct slice raw;  /* the charset of raw bytes in headers */
	struct buf window; /* folded */
};

/* Begin with the message of ROOT in BLOCK. */
void textscan_begin(struct textscan *s, struct block *block,
    const struct mime_part *root,
    void (*take)(struct textscan *s, enum textscan_where where, bool end));
/* Is there more to read? */
static inline bool
textscan_has_more(const struct textscan *s)
{
	return s->part != NULL;
}
/* Read on. */
int textscan_step(struct textscan *s, struct err *err);
void textscan_end(struct textscan *s);

#endif
