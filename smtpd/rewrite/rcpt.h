/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_REWRITE_RCPT_H
#define SMTPD_REWRITE_RCPT_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct envelope_rcpt;

/* RCPT's address becomes ADDRESS; reports shall name the one that the client
 * said (RFC 3461 5.2.1), unless he said himself which.  UTF8: the message can
 * have any; false: it cannot have this one. */
bool smtpd_rewrite_rcpt(struct envelope_rcpt *rcpt, struct slice address,
    bool utf8, struct arena *a);

#endif
