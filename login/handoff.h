/* SPDX-License-Identifier: ISC */
/* Handing a session in to imapd, pop3d or sieved, which then speaks with the
 * client itself (without TLS) or through a pump. */
#ifndef LOGIN_HANDOFF_H
#define LOGIN_HANDOFF_H

#include "base/slice.h"

struct login_handoff;
struct login_session;

/* auth said that S is ACCOUNT, and gave a ticket to its process.  DATA: what
 * SASL has for the client in the end (base 64; where the dialect wants it). */
void login_handoff_start(struct login_session *s, struct slice account,
    struct slice ticket, struct slice data);
/* Everything was sent to the client. */
void login_handoff_drained(struct login_session *s);
/* Accepts a pointer to NULL. */
void login_handoff_free(struct login_handoff **h);

#endif
