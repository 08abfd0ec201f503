/* SPDX-License-Identifier: ISC */
/* TLS with other hosts, as tls_policy wants it (RFC 3207, RFC 7672). */
#ifndef SMTP_SESSION_STARTTLS_H
#define SMTP_SESSION_STARTTLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct smtp_session;

/* The CAs that `verify` and MTA-STS trust (PEM, which it may take); before the
 * first session.  -1 when it holds none; unless they are NEEDED at once, what
 * else is wrong of it is found with the first session, and BAD is told. */
int smtp_starttls_trust(struct buf *pem, bool needed,
    void (*bad)(const struct err *err), struct err *err);

/* Sessions begun under other rules are not resumed. */
void smtp_starttls_flush(void);

/* The host has said hello: STARTTLS if it should be, else what
 * follows (smtp_auth_begin). */
void smtp_starttls_begin(struct smtp_session *s);
/* The reply to STARTTLS. */
void smtp_starttls_reply(struct smtp_session *s);
/* STARTTLS got no answer, or the handshake failed or did not end; WHY counts
 * where TLS itself says nothing.  In clear text on a new connection, if
 * tls_policy allows. */
void smtp_starttls_failed(struct smtp_session *s, const char *why);

#endif
