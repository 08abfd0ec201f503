/* SPDX-License-Identifier: ISC */
/*
 * A command put together from what the client sends: lines and, behind each
 * that announces one, a literal (RFC 9051 4.3, RFC 7888).  Bounded; what is
 * too long is passed over to its end, so that the next command is found.
 */
#ifndef IMAPD_CONN_CMDTEXT_H
#define IMAPD_CONN_CMDTEXT_H

#include "base/buf.h"
#include "imapd/parse/parse.h"

enum cmdtext_event {
	CMDTEXT_MORE,     /* all input was taken; more is needed */
	CMDTEXT_DONE,     /* the command stands in text, without its CRLF */
	CMDTEXT_LITERAL,  /* text ends in the announcement `literal` */
	CMDTEXT_TOO_LONG, /* it was passed over; text is how it began */
	CMDTEXT_FLOOD,    /* too much even to pass over: hang up */
};

struct cmdtext {
	struct buf text;
	size_t max;             /* of any command; text.max: of this one */
	bool unasked;           /* literals come without being asked for */
	struct literal literal; /* CMDTEXT_LITERAL: at counts in text */
	enum {
		CMDTEXT_IN_LINE,
		CMDTEXT_IN_LITERAL,
		CMDTEXT_SKIP_LITERAL
	} state;
	bool skipping; /* too long already */
	uint64_t left; /* of the literal */
	size_t line;   /* where in text the line begins */
	char tail[48]; /* the end of a line that is skipped */
	size_t ntail;
};

/* A command may have MAX bytes, literals included. */
void cmdtext_init(struct cmdtext *t, size_t max);
void cmdtext_fini(struct cmdtext *t);
/* The command under way may have MORE bytes than others. */
void cmdtext_allow(struct cmdtext *t, size_t more);
/* Empty, memory given back: ready for the next command. */
void cmdtext_reset(struct cmdtext *t);
/* Take input off IN up to the next event. */
enum cmdtext_event cmdtext_feed(struct cmdtext *t, struct slice *in);
/* After CMDTEXT_LITERAL: the literal becomes part of the text / it and the
 * rest of the command are passed over, CMDTEXT_TOO_LONG comes at its end.
 * False when it cannot be: too large for that. */
bool cmdtext_accept(struct cmdtext *t);
bool cmdtext_skip(struct cmdtext *t);

#endif
