/* SPDX-License-Identifier: ISC */
/* The system users that daemons become when master is root. */
#ifndef CTL_INST_SYSUSERS_H
#define CTL_INST_SYSUSERS_H

#include <sys/types.h>

#include "base/err.h"

/* Create those that are missing (useradd of the passwd package), and say so. */
int sysusers_create(struct err *err);
/* The ids of user NAME; -1 when there is no such user. */
int sysusers_find(const char *name, uid_t *uid, gid_t *gid, struct err *err);

#endif
