/* SPDX-License-Identifier: ISC */
/* The password for the relayhost (RFC 4954). */
#ifndef SMTP_SESSION_AUTH_H
#define SMTP_SESSION_AUTH_H

struct smtp_session;

/* TLS is as it will be: AUTH if it should be, then mail. */
void smtp_auth_begin(struct smtp_session *s);
/* The reply to AUTH. */
void smtp_auth_reply(struct smtp_session *s);

#endif
