/* SPDX-License-Identifier: ISC */
/* TLS in a session: STARTTLS (RFC 3207) and services that begin with it. */
#ifndef SMTPD_STARTTLS_H
#define SMTPD_STARTTLS_H

#include <stdbool.h>

#include "base/slice.h"

struct smtpd_session;
struct smtpd_trace;

/* May the client ask for it now? */
bool smtpd_starttls_offered(const struct smtpd_session *s);
void smtpd_starttls_command(struct smtpd_session *s, struct slice args);
/* Begin the handshake; everything in the clear was sent. */
void smtpd_starttls_begin(struct smtpd_session *s);
/* The stream has ended, FAILED or as it should: log what TLS has to say. */
void smtpd_starttls_ended(const struct smtpd_session *s, bool failed);
/* Fill in what the trace field says of TLS; the texts are static. */
void smtpd_starttls_trace(
    const struct smtpd_session *s, struct smtpd_trace *trace);

#endif
