/* SPDX-License-Identifier: ISC */
/* The commands of the TRANSACTION state: RFC 1939, CAPA of RFC 2449. */
#ifndef POP3D_COMMAND_H
#define POP3D_COMMAND_H

#include "base/slice.h"

struct pop3d_session;

/* What the session does next. */
enum pop3d_next {
	POP3D_NEXT,   /* another command */
	POP3D_ANSWER, /* send s->answer, which is prepared */
	POP3D_QUIT,   /* the UPDATE state */
	POP3D_ERRORS, /* end: there were too many mistakes */
};

/* Do what LINE (without its line end) says, and reply. */
enum pop3d_next pop3d_command(struct pop3d_session *s, struct slice line);

#endif
