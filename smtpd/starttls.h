/* SPDX-License-Identifier: ISC */
/* STARTTLS (RFC 3207) as a command; the rest is the front end's. */
#ifndef SMTPD_STARTTLS_H
#define SMTPD_STARTTLS_H

#include "base/slice.h"

struct smtpd_session;
struct smtpd_trace;

void smtpd_starttls_command(struct smtpd_session *s, struct slice args);
/* Fill in what the trace field says of TLS; the texts are static. */
void smtpd_starttls_trace(
    const struct smtpd_session *s, struct smtpd_trace *trace);

#endif
