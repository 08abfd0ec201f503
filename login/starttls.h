/* SPDX-License-Identifier: ISC */
/*
 * TLS at the door: from the first byte or by STARTTLS and STLS.  What the
 * client sent in the clear behind the command, or what somebody sent in its
 * name, must not count (RFC 3207 6, RFC 9051 11.1): such a session ends.
 */
#ifndef LOGIN_STARTTLS_H
#define LOGIN_STARTTLS_H

#include <stdbool.h>

struct login_session;

/* TLS is offered and has not begun. */
bool login_tls_offered(const struct login_session *s);
/* A password may be told as it is. */
bool login_clear_allowed(const struct login_session *s);

/* STARTTLS was granted: begin when the answer is sent. */
void login_starttls(struct login_session *s);
/* Everything in the clear was sent; false when the session is over. */
bool login_tls_begin(struct login_session *s);
/* The connection is over; BROKEN: not as it should be.  For the log. */
void login_tls_ended(const struct login_session *s, bool broken);

#endif
