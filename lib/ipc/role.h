/* SPDX-License-Identifier: ISC */
/* Who is who between the daemons (conf/roles.def).  Roles are told by master,
 * which spawned both sides; they are never taken from what a peer says of
 * itself. */
#ifndef IPC_ROLE_H
#define IPC_ROLE_H

#include "base/slice.h"

enum role {
#define ROLE(role, name, serves, owner, number, stop, first, last, traits)     \
	ROLE_##role,
#include "conf/roles.def" // IWYU pragma: keep
#undef ROLE
	ROLE_COUNT
};

/* "smtpd" for ROLE_SMTPD; "?" for what is no role. */
const char *role_name(enum role role);
/* ROLE_COUNT when NAME is no role. */
enum role role_find(struct slice name);

#endif
