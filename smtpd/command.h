/* SPDX-License-Identifier: ISC */
/* The verbs of SMTP and LMTP (RFC 5321 4.1, RFC 2033). */
#ifndef SMTPD_COMMAND_H
#define SMTPD_COMMAND_H

#include "base/slice.h"

struct smtpd_session;

/* Carry out LINE, a command without its line end. */
void smtpd_command(struct smtpd_session *s, struct slice line);

#endif
