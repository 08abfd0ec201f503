/* SPDX-License-Identifier: ISC */
/* STARTTLS (RFC 3207) as a command; the rest is the front end's. */
#ifndef SMTPD_STARTTLS_H
#define SMTPD_STARTTLS_H

#include "base/slice.h"

struct smtpd_session;

void smtpd_starttls_command(struct smtpd_session *s, struct slice args);

#endif
