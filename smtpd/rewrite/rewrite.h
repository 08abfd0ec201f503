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

struct smtpd_rewrite;
struct smtpd_session;

/* Is there anything to be asked of the message of S?  Then THEN runs once,
 * never from inside, with NULL, or the reply that refuses it, which stands as
 * long as the transaction's arena. */
bool smtpd_rewrite(struct smtpd_session *s,
    void (*then)(struct smtpd_session *s, const char *refusal));
/* Accepts a pointer to NULL; THEN will not run. */
void smtpd_rewrite_free(struct smtpd_rewrite **r);

#endif
