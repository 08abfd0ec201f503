/* SPDX-License-Identifier: ISC */
/*
 * The addresses in a header (RFC 5322 3.6.2, 3.6.3, 3.6.6, and what else is in
 * use), and the header with others in their place.  Only what stands where an
 * address stood is new: display names, encoded words, comments, groups, folding
 * and all other fields are copied.  What cannot be read as an address in one
 * way only stays as it is.
 */
#ifndef SMTPD_REWRITE_FIELDS_H
#define SMTPD_REWRITE_FIELDS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

enum {
	SMTPD_HEADER_MAX = 256 << 10, /* that is read */
	SMTPD_HEADER_MADE_MAX = 1 << 20,
	SMTPD_MAILBOXES_MAX = 10000,
};

struct smtpd_mailbox {
	struct slice address; /* canonical; gone when asked about the next */
	bool from;            /* it stands in From */
	bool sender; /* in a field that names senders, not recipients */
};

struct smtpd_fields {
	/* What M becomes; an empty slice: it stays. */
	struct slice (*becomes)(
	    struct smtpd_fields *f, const struct smtpd_mailbox *m);
	struct buf *out; /* the header made anew; NULL: it is only read */
	/* Set by BECOMES: From is to be told of in X-Original-From behind it.
	 */
	bool tell_from;
	bool odd_from; /* an address in From is none that can be replaced */
	unsigned changed;
};

/* HEADER with its empty line; false: it has too many addresses. */
bool smtpd_fields_walk(struct smtpd_fields *f, struct slice header);

#endif
