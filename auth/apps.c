/* SPDX-License-Identifier: ISC */
#include "auth/apps.h"

#include <sys/socket.h>

#include "base/err.h"
#include "base/mem.h"
#include "sasl/app.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "table/app.h"

bool
auth_apps_find(struct slice entry, const struct auth_asked *a, char **name)
{
	const bool session =
	    slice_is(a->service, "imap") || slice_is(a->service, "pop3") ||
	    slice_is(a->service, "managesieve") || slice_is(a->service, "jmap");
	const struct slice protocol = session ? a->service : SLICE("smtp");
	struct app_entry e;
	struct addr addr;
	const bool known = addr_of_ip(&addr, AF_UNSPEC, a->client, 1);
	bool found = false;

	if (!sasl_app_is(a->secret))
		return false;
	while (app_next(&entry, &e, NULL) == FOUND)
		if (sasl_app_check(e.hash, a->secret)) {
			found = app_allows(
			    &e, protocol, known ? &addr : NULL, clock_wall_s());
			if (found)
				*name = xslicedup(e.name);
			break;
		}
	return found;
}
