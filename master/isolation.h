/* SPDX-License-Identifier: ISC */
/* What one process holds of those that serve accounts: their parameter
 * `isolation`, which master has to know before there is a process. */
#ifndef MASTER_ISOLATION_H
#define MASTER_ISOLATION_H

#include "ipc/role.h"
#include "master/master.h"

/* As FILES say; what they do not say well is as is the default, and the daemon
 * itself complains. */
struct isolations isolation_load(const struct confset *files);
/* That of ROLE, an enum isolation (ipc/place.h); ISOLATION_UID for one that has
 * no such parameter. */
int isolation_of(const struct isolations *i, enum role role);

#endif
