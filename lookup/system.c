/* SPDX-License-Identifier: ISC */
#include "lookup/system.h"

#include <pwd.h>

#include "base/map.h"

/* Below are the system's own; above are nobody and his like. */
enum { FIRST_UID = 500, LAST_UID = 60000 };

static struct map users;

void
lookup_system_read(void)
{
	const struct passwd *pw;

	setpwent();
	while ((pw = getpwent()) != NULL)
		if (pw->pw_uid >= FIRST_UID && pw->pw_uid <= LAST_UID)
			map_put(&users, slice_str(pw->pw_name),
			    (void *)(uintptr_t)pw->pw_uid);
	endpwent();
}

uint32_t
lookup_system_find(struct slice name)
{
	return (uint32_t)(uintptr_t)map_find(&users, name);
}
