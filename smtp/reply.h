/* SPDX-License-Identifier: ISC */
/* Replies of SMTP and LMTP servers (RFC 5321 4.2, RFC 2034).  Pure; the server
 * may be hostile: endless lines and endless replies are refused. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum {
	SMTP_REPLY_LINE_MAX = 2048,
	SMTP_REPLY_LINES_MAX = 128,
	SMTP_REPLY_TEXT_MAX = 16384, /* all lines together */
	SMTP_DSN_SIZE = 12,          /* "5.123.123" and a NUL */
};

enum smtp_reply_end {
	SMTP_REPLY_MORE, /* not complete yet */
	SMTP_REPLY_DONE,
	SMTP_REPLY_BAD, /* no SMTP server talks like this */
};

struct smtp_reply {
	unsigned code; /* 200 to 599; of the last line */
	/* Lines without codes, a newline after each.  Bytes that are not
	 * printable are '?'. */
	struct buf text;
	unsigned lines;
};

void smtp_reply_init(struct smtp_reply *r);
void smtp_reply_fini(struct smtp_reply *r);
/* Ready for the next reply; keeps no memory. */
void smtp_reply_reset(struct smtp_reply *r);
/* Read whole lines off the front of *IN until the reply is complete; what is
 * left stays in *IN. */
enum smtp_reply_end smtp_reply_feed(struct smtp_reply *r, struct slice *in);

/* The enhanced status code that the text begins with, if its class fits the
 * reply's ("5.1.1" with 550), else "C.0.0" (RFC 3463). */
void smtp_reply_dsn(const struct smtp_reply *r, char dsn[SMTP_DSN_SIZE]);
/* Code and text in one line for logs and reports, cut to fit OUT. */
void smtp_reply_line(const struct smtp_reply *r, char *out, size_t size);

#endif
