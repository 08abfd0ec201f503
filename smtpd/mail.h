/* SPDX-License-Identifier: ISC */
/* MAIL: who may send, and what; it begins a transaction (transaction.h). */
#ifndef SMTPD_MAIL_H
#define SMTPD_MAIL_H

#include "base/slice.h"

struct smtpd_session;

/* MAIL: ARGS stand behind the verb. */
void smtpd_mail_command(struct smtpd_session *s, struct slice args);

#endif
