/* SPDX-License-Identifier: ISC */
/*
 * XCLIENT, as Postfix has it (XCLIENT_README): a host of xclient_hosts says for
 * which client it speaks, and the session begins anew as that client's.
 */
#ifndef SMTPD_XCLIENT_H
#define SMTPD_XCLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "sys/addr.h"

struct smtpd_session;

enum { SMTPD_XCLIENT_VALUE_MAX = 255 };

/* What was said; not said, or [UNAVAILABLE]: empty, false, 0. */
struct smtpd_xclient {
	struct buf name, helo, login; /* as text; may be empty */
	struct addr addr;
	uint16_t port;
	bool has_addr; /* without one: 0.0.0.0 where it is unavailable */
	bool has_port;
	bool extended; /* PROTO=ESMTP */
};

/* ARGS stand behind "XCLIENT".  A refusal is the reply to give.  X is to be
 * ended with smtpd_xclient_fini in either case. */
int smtpd_parse_xclient(
    struct slice args, struct smtpd_xclient *x, struct err *err);
void smtpd_xclient_fini(struct smtpd_xclient *x);

/* Add the line of EHLO, if the client may use it. */
void smtpd_xclient_announce(const struct smtpd_session *s, struct buf *out);
void smtpd_xclient_command(struct smtpd_session *s, struct slice args);

#endif
