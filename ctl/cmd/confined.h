/* SPDX-License-Identifier: ISC */
/* What is left to a process that locks itself in; there is no way back. */
#ifndef CTL_CMD_CONFINED_H
#define CTL_CMD_CONFINED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ctl_confined {
	uid_t uid; /* becomes this one, where it is root */
	gid_t gid;
	const int *dirs; /* open directories it works beneath */
	size_t ndirs;
	bool connect; /* it may open TCP connections */
	bool sync;    /* it has threads that sync files */
};

#endif
