/* SPDX-License-Identifier: ISC */
/*
 * Replies of SMTP and LMTP servers (RFC 5321 4.2, RFC 2034).  Pure.
 *
 * What a server means is in the code: lines of any length, any number of
 * lines, any charset and a line without a code inside a reply are read, and
 * only the text is cut or made valid.  The server may be hostile: a reply
 * that does not end within SMTP_REPLY_BYTES_MAX is refused.
 */
#ifndef SMTP_SESSION_REPLY_H
#define SMTP_SESSION_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

enum {
	SMTP_REPLY_LINE_MAX = 2048,     /* kept of a line */
	SMTP_REPLY_TEXT_MAX = 16384,    /* kept of all lines together */
	SMTP_REPLY_BYTES_MAX = 1 << 20, /* read of a reply */
	SMTP_DSN_SIZE = 12,             /* "5.123.123" and a NUL */
};

enum smtp_reply_end {
	SMTP_REPLY_MORE, /* not complete yet */
	SMTP_REPLY_DONE,
	SMTP_REPLY_BAD, /* no SMTP server talks like this */
};

struct smtp_reply {
	unsigned code; /* 200 to 599; of the last line */
	/* Lines without codes, a newline after each.  Well-formed UTF-8:
	 * controls and bytes that are none are '?'. */
	struct buf text;
	struct buf line; /* the beginning of one whose end has not come */
	size_t bytes;    /* of the reply so far */
	bool begun;      /* a line with a code was read */
};

void smtp_reply_init(struct smtp_reply *r);
void smtp_reply_fini(struct smtp_reply *r);
/* Ready for the next reply; keeps no memory. */
void smtp_reply_reset(struct smtp_reply *r);
/* Read off the front of *IN until the reply is complete; what is left (nothing
 * with SMTP_REPLY_MORE) stays in *IN. */
enum smtp_reply_end smtp_reply_feed(struct smtp_reply *r, struct slice *in);

/* The enhanced status code that the text begins with, if its class fits the
 * reply's ("5.1.1" with 550), else "C.0.0" (RFC 3463). */
void smtp_reply_dsn(const struct smtp_reply *r, char dsn[SMTP_DSN_SIZE]);
/* Code and text in one line for logs and reports, cut to fit OUT. */
void smtp_reply_line(const struct smtp_reply *r, char *out, size_t size);

#endif
