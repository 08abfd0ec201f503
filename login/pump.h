/* SPDX-License-Identifier: ISC */
/*
 * A logged-in client behind TLS: its bytes pass between the TLS connection,
 * which stays here, and the session in imapd, pop3d or sieved.  An idle pump
 * holds no buffers; a side that does not read stops the other.
 *
 * imapd and sieved end a session one way only when its client is not logged in
 * any more (RFC 8437, RFC 5804 2.14): then the client is served here again.
 * Nothing that they say goes into that; what the client had sent behind
 * UNAUTHENTICATE, which they have read, is remembered here.
 */
#ifndef LOGIN_PUMP_H
#define LOGIN_PUMP_H

struct login_pump;
struct login_session;

/* Take FD, our end of the pair. */
void login_pump_start(struct login_session *s, int fd);
/* Accepts a pointer to NULL. */
void login_pump_free(struct login_pump **p);

#endif
