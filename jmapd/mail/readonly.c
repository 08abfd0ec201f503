/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/readonly.h"
#include "jmapd/api/api.h"

#include <stddef.h>

static enum call_step
run(struct jmapd_call *c)
{
	return api_error(c, "accountReadOnly", NULL);
}

#define READONLY(id, method)                                                   \
	const struct call_method readonly_##id = {                             \
		.name = method,                                                \
		.capability = CAPABILITY_MAIL,                                 \
		.account = true,                                               \
		.run = run,                                                    \
	}

READONLY(mailbox_set, "Mailbox/set");
READONLY(email_set, "Email/set");
READONLY(email_copy, "Email/copy");
READONLY(email_import, "Email/import");
