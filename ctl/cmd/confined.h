/* SPDX-License-Identifier: ISC */
/* What is left to a process that locks itself in; there is no way back. */
#ifndef CTL_CMD_CONFINED_H
#define CTL_CMD_CONFINED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct port_set;

enum { CTL_NOBODY = 65534 };

struct ctl_confined {
	uid_t uid; /* root becomes it: a mailbox's owner, or CTL_NOBODY */
	gid_t gid;
	const int *dirs; /* open directories it works beneath */
	size_t ndirs;
	bool connect;               /* it may open TCP connections */
	const struct port_set *dns; /* UDP and TCP to these; NULL: to none */
	bool sync, link; /* it has threads that sync files; makes links there */
};

#endif
