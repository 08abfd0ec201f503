/* SPDX-License-Identifier: ISC */
/*
 * Recipients, resolved while the client waits.  Pipelined RCPT commands are
 * asked about at the same time; their replies go out in the order of the
 * commands, and no other command is taken before all have theirs.
 */
#ifndef SMTPD_RCPT_H
#define SMTPD_RCPT_H

#include <stdbool.h>

#include "base/slice.h"

struct smtpd_session;

/* RCPT: ARGS stand behind the verb. */
void smtpd_rcpt_command(struct smtpd_session *s, struct slice args);
/* LINE, the next command, must wait for lookup; then the session is paused. */
bool smtpd_rcpt_must_wait(struct smtpd_session *s, struct slice line);

#endif
