/* SPDX-License-Identifier: ISC */
/*
 * A message from standard input on its way into SMTP: every line end becomes
 * CRLF (a lone CR too, which no server takes), and it ends at the end of the
 * input or at a line with a single dot.  The header is held in memory, the
 * body passes through.
 */
#ifndef CTL_MAIL_LETTER_H
#define CTL_MAIL_LETTER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { LETTER_HEADER_MAX = 4 << 20, LETTER_PIECE = 65536 };

struct letter {
	int fd;
	bool dots; /* a line with a single dot ends it */
	bool ended;
	bool line_start;
	bool out_start;    /* the same where dots are doubled */
	bool cr;           /* a CR was read, its LF perhaps not yet */
	bool dot;          /* a dot at the start of a line was read */
	struct buf header; /* fields with CRLF, without the empty line */
	struct buf rest;   /* read behind the header already */
};

/* Read the header off FD.  An mbox "From " line is left out; a text that
 * begins with no field has an empty header. */
int letter_open(struct letter *l, int fd, bool dots, struct err *err);
void letter_close(struct letter *l);

/* Add the canonical addresses of To, Cc and Bcc to LIST, each with a NUL
 * behind it; ERR_PERM names the first that is none.  A bare name gets DOMAIN.
 */
int letter_recipients(const struct letter *l, const char *domain,
    struct buf *list, struct err *err);
/* Take every field NAME out of the header. */
void letter_remove(struct letter *l, const char *name);
bool letter_has(const struct letter *l, const char *name);
/* Put "NAME: VALUE" in front. */
void letter_add(struct letter *l, const char *name, const char *value);

/* Add the next piece of what follows the header (begins with the empty line)
 * to OUT, dots at the start of lines doubled (RFC 5321 4.5.2); false behind
 * the last. */
bool letter_body(struct letter *l, struct buf *out, struct err *err);

/* The addresses in VALUE, as above. */
int letter_addresses(
    struct slice value, const char *domain, struct buf *list, struct err *err);
/* Add the one address in TEXT ("a@b", "<a@b>", "Name <a@b>"; "" and "<>" are
 * the null sender) to SENDER in canonical form.  ERR_PERM when anything else
 * stands there. */
int letter_sender(
    struct slice text, const char *domain, struct buf *sender, struct err *err);
/* Add NAME and a blank to OUT as a phrase of RFC 5322: quoted, or as encoded
 * words (RFC 2047) where it is not ASCII; nothing for an empty one. */
void letter_phrase(struct slice name, struct buf *out);

#endif
