/* SPDX-License-Identifier: ISC */
/* AUTH (RFC 4954): carries the exchange, and asks the auth daemon. */
#ifndef SMTPD_AUTH_H
#define SMTPD_AUTH_H

#include "base/buf.h"
#include "base/slice.h"

struct smtpd_auth;
struct smtpd_session;

/* Longest line of an exchange, with its CRLF (RFC 4954 4). */
enum { SMTPD_AUTH_LINE_MAX = 12288 };

/* Add the line of EHLO, if this session may authenticate. */
void smtpd_auth_announce(const struct smtpd_session *s, struct buf *out);
void smtpd_auth_command(struct smtpd_session *s, struct slice args);
/* The client's next line of the exchange. */
void smtpd_auth_line(struct smtpd_session *s, struct slice line);
/* The exchange ends here with REPLY. */
void smtpd_auth_refuse(struct smtpd_session *s, const char *reply);
/* Accepts a pointer to NULL. */
void smtpd_auth_free(struct smtpd_auth **auth);

#endif
