/* SPDX-License-Identifier: ISC */
/* What conf/roles.def, which explains the words, says of a role. */
#ifndef IPC_ROLE_FACTS_H
#define IPC_ROLE_FACTS_H

#include <stdbool.h>

#include "ipc/role.h"

enum role_serves { SERVES_HOST, SERVES_UID, SERVES_ACCOUNT };
enum role_number { NUMBER_ONE, NUMBER_FEW, NUMBER_CPUS };
enum role_stop { STOP_FIRST, STOP_WORK, STOP_HELP, STOP_LOG }; /* in order */
enum {
	ROLE_NEEDED = 1,
	ROLE_FOR_USERS = 2,
	ROLE_RUNS_COMMANDS = 4,
	ROLE_ANY_UID = 8,
};

struct role_facts {
	const char *name;
	enum role_serves serves;
	const char *owner;
	enum role_number number;
	enum role_stop stop;
	unsigned traits; /* ROLE_NEEDED … */
};

/* Of ROLE, which is one. */
const struct role_facts *role_facts(enum role role);

static inline bool
role_is(enum role role, unsigned traits)
{
	return (role_facts(role)->traits & traits) != 0;
}

/* Does ROLE have processes for each uid? */
static inline bool
role_serves_uid(enum role role)
{
	return role_facts(role)->serves != SERVES_HOST;
}

/* Is it ROLE that writes the log? */
static inline bool
role_writes_log(enum role role)
{
	return role_facts(role)->stop == STOP_LOG;
}

#endif
