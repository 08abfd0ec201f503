/* SPDX-License-Identifier: ISC */
/*
 * The bytes of an IMAP server as responses (RFC 9051 2.2.2, 4.3).  The server
 * is a stranger: a response has so many bytes and no more, and of its literals
 * only one may be long, the text of a message (BODY[]), which goes on piece by
 * piece.
 */
#ifndef CTL_IMAP_GATHER_H
#define CTL_IMAP_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	IMAP_RESPONSE_MAX = 256
			    << 10,   /* bytes, without the text of a message */
	IMAP_LITERAL_MAX = 64 << 10, /* of another literal */
};
/* No message is larger. */
#define IMAP_MESSAGE_MAX ((uint64_t)2 << 30)

struct imap_gather {
	/* All of it, without the last CRLF; in place of a message's text "". */
	struct buf text;
	bool has_body;
	uint64_t body_size;
	/* Gets the text as it comes. */
	void (*on_body)(void *arg, struct slice bytes);
	void *arg;
	/* where it stands */
	uint64_t literal; /* bytes to come of one */
	bool in_body;
	size_t line; /* where its last line begins */
	bool whole;
};

void imap_gather_init(struct imap_gather *g,
    void (*on_body)(void *arg, struct slice bytes), void *arg);
void imap_gather_fini(struct imap_gather *g);
/* Take what belongs to this response off the front of IN.  1: it is whole (the
 * next call begins another); 0: more is needed; -1 ERR_PERM: no response. */
int imap_gather_feed(struct imap_gather *g, struct slice *in, struct err *err);

#endif
