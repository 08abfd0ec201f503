/* SPDX-License-Identifier: ISC */
/*
 * A message that has ended: are its addresses its login's (smtpd/owner.h), and
 * are they to be others?  Those that are not his become his (sender_login =
 * rewrite), then all become what lookup has for them.  Where something changes
 * the message is made anew, under another queue id (smtpd/remake.h); its body
 * and all else of its header stay.
 */
#ifndef SMTPD_REWRITE_REWRITE_H
#define SMTPD_REWRITE_REWRITE_H

#include <stdbool.h>

#include "base/slice.h"

struct smtpd_mail;
struct smtpd_rewrite;
struct smtpd_session;

struct smtpd_rewrite_ends {
	/* The message has another sender, and by him COPIES (lines) of the
	 * table bcc; before it is made anew. */
	void (*sender)(struct smtpd_mail *mail, struct slice copies);
	/* With NULL, or the reply that refuses it, which stands as long as the
	 * transaction's arena. */
	void (*then)(struct smtpd_session *s, const char *refusal);
};

/* Is there anything to be asked of the message of S?  Then THEN of ENDS
 * (static) runs once, never from inside. */
bool smtpd_rewrite(
    struct smtpd_session *s, const struct smtpd_rewrite_ends *ends);
/* Accepts a pointer to NULL; nothing will run. */
void smtpd_rewrite_free(struct smtpd_rewrite **r);

#endif
