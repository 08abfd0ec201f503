/* SPDX-License-Identifier: ISC */
/* Who is who between the daemons.  Roles are told by master, which spawned
 * both sides; they are never taken from what a peer says of itself. */
#ifndef IPC_ROLE_H
#define IPC_ROLE_H

#include "base/slice.h"

/* clang-format off */
#define IPC_ROLES(R) \
	R(MASTER, "master") R(SMTPD, "smtpd") R(QMGR, "qmgr") R(SMTP, "smtp") \
	R(LOCAL, "local") R(PIPE, "pipe") R(LOGIN, "login") R(IMAPD, "imapd") \
	R(POP3D, "pop3d") R(AUTH, "auth") R(LOOKUP, "lookup") R(KEYS, "keys") \
	R(CTL, "ctl") R(USER, "user")
/* clang-format on */

enum role {
#define R(name, text) ROLE_##name,
	IPC_ROLES(R)
#undef R
	    ROLE_COUNT
};

/* "smtpd" for ROLE_SMTPD; "?" for what is no role. */
const char *role_name(enum role role);
/* ROLE_COUNT when NAME is no role. */
enum role role_find(struct slice name);

#endif
