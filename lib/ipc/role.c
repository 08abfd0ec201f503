/* SPDX-License-Identifier: ISC */
#include "ipc/role_facts.h"

#include "base/must.h"

static const struct role_facts facts[ROLE_COUNT] = {
#define ROLE(role, name, serves, owner, number, stop, first, last, traits)     \
	[ROLE_##role] = { name, serves, owner, number, stop, traits },
#include "conf/roles.def" // IWYU pragma: keep
#undef ROLE
};

const struct role_facts *
role_facts(enum role role)
{
	must(role < ROLE_COUNT);
	return &facts[role];
}

const char *
role_name(enum role role)
{
	return role < ROLE_COUNT ? facts[role].name : "?";
}

enum role
role_find(struct slice name)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (slice_is(name, facts[i].name))
			return (enum role)i;
	return ROLE_COUNT;
}
