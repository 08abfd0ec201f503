/* SPDX-License-Identifier: ISC */
/* Copies for recipients that nobody else knows of: always_bcc, sender_bcc and
 * recipient_bcc. */
#ifndef SMTPD_BCC_H
#define SMTPD_BCC_H

struct err;
struct smtpd_mail;

/* -1 (ERR_PERM): a parameter is not as it should be. */
int smtpd_bcc_configure(struct err *err);

/* Add those of MAIL, whose sender and recipients are known, to its envelope:
 * each once, and none that it has already, so that a copy which comes back
 * makes no other.  What becomes of a copy is told to nobody. */
void smtpd_bcc_add(struct smtpd_mail *mail);

#endif
