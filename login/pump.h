/* SPDX-License-Identifier: ISC */
/*
 * A logged-in client behind TLS: its bytes pass between the TLS connection,
 * which stays here, and the session in imapd or pop3d.  An idle pump holds no
 * buffers; a side that does not read stops the other.
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
