/* SPDX-License-Identifier: ISC */
/*
 * Looking for strings in the text of a message: fields decoded, bodies of text
 * parts out of their transfer encoding and charset, all folded.  A piece at a
 * time, in bounded memory.
 */
#ifndef IMAPD_MESSAGE_BODYSCAN_H
#define IMAPD_MESSAGE_BODYSCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "imapd/message/block.h"
#include "imapd/parse/searchkey.h"
#include "mime/fold.h"
#include "mime/transfer.h"

struct charset;
struct mime_part;
struct visible;

struct bodyscan {
	const struct search *search;
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
	struct buf window; /* folded, with the end of what came before */
	bool found[SEARCH_STRINGS_MAX];
	size_t nfound;
};

/* Begin with the message of ROOT in BLOCK. */
void bodyscan_begin(struct bodyscan *s, const struct search *search,
    struct block *block, const struct mime_part *root);
/* Read on; *DONE when there is no more to find. */
int bodyscan_step(struct bodyscan *s, bool *done, struct err *err);
void bodyscan_end(struct bodyscan *s);

#endif
