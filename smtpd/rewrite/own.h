/* SPDX-License-Identifier: ISC */
/* Whose mail is our own, so that addresses in it may be rewritten
 * (rewrite_clients).  LMTP brings that of others. */
#ifndef SMTPD_REWRITE_OWN_H
#define SMTPD_REWRITE_OWN_H

#include <stdbool.h>

struct smtpd_session;

bool smtpd_rewrite_own(const struct smtpd_session *s);

#endif
