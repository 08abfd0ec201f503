/* SPDX-License-Identifier: ISC */
/* Who else gets a message by the table bcc, as lookup says of each recipient.
 */
#ifndef SMTPD_COPIES_H
#define SMTPD_COPIES_H

#include "base/slice.h"

struct smtpd_mail;

/* In the transaction's arena. */
struct smtpd_copies {
	struct smtpd_copies *next;
	struct slice addresses; /* lines */
};

/* ADDRESSES as long as MAIL stands; what the recipient before had is kept once.
 */
struct slice smtpd_copies_keep(struct smtpd_mail *mail, struct slice addresses);
/* A recipient that has them is accepted. */
void smtpd_copies_add(struct smtpd_mail *mail, struct slice addresses);
/* MAIL has another sender, and COPIES by that; see smtpd_bcc_add. */
void smtpd_copies_of_sender(struct smtpd_mail *mail, struct slice copies);

#endif
