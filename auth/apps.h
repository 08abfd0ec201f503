/* SPDX-License-Identifier: ISC */
/* Which app password of an account it is (table/app.h). */
#ifndef AUTH_APPS_H
#define AUTH_APPS_H

#include <stdbool.h>

#include "base/slice.h"

struct auth_asked {
	struct slice secret;
	struct slice service; /* of auth_check */
	struct slice client;  /* the address as text */
};

/* Is the secret one of the app passwords in ENTRY, good for that service, from
 * there and now?  Then its name is in *NAME (the caller's to free). */
bool auth_apps_find(
    struct slice entry, const struct auth_asked *a, char **name);

#endif
