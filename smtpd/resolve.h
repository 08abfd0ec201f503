/* SPDX-License-Identifier: ISC */
/* What lookup says of a recipient. */
#ifndef SMTPD_RESOLVE_H
#define SMTPD_RESOLVE_H

struct smtpd_ask;

/* Ask lookup about the recipient of ASK.  DONE runs once, never from inside: it
 * may be accepted (NULL), or REFUSAL is the reply, which is gone afterwards. */
void smtpd_resolve(struct smtpd_ask *ask,
    void (*done)(struct smtpd_ask *ask, const char *refusal));

#endif
