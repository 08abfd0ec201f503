/* SPDX-License-Identifier: ISC */
/* The Message-ID of a message (RFC 5322 3.6.4), for the log: the first word of
 * its field, comments and all that may be wrong in it included. */
#ifndef SMTPD_MSGID_H
#define SMTPD_MSGID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum { SMTPD_MSGID_MAX = 255 }; /* the rest is cut off */

struct smtpd_msgid {
	bool began, ended;
	size_t n;
	char text[SMTPD_MSGID_MAX];
};

/* More of what stands behind the field's colon, line ends included. */
void smtpd_msgid_feed(struct smtpd_msgid *id, struct slice bytes);
/* With its angle brackets; empty when there is none. */
struct slice smtpd_msgid_text(const struct smtpd_msgid *id);

#endif
