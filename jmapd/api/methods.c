/* SPDX-License-Identifier: ISC */
#include "jmapd/api/methods.h"

#include "base/mem.h"
#include "jmapd/api/core.h"
#include "jmapd/mail/boxes.h"
#include "jmapd/mail/email.h"
#include "jmapd/mail/readonly.h"
#include "jmapd/query/emailquery.h"
#include "jmapd/query/searchsnippet.h"

static const struct call_method *const methods[] = {
	&core_echo,
	&boxes_get,
	&boxes_changes,
	&boxes_query,
	&boxes_query_changes,
	&readonly_mailbox_set,
	&thread_get,
	&thread_changes,
	&email_get,
	&mail_email_changes,
	&emailquery_query,
	&emailquery_changes,
	&searchsnippet_get,
	&readonly_email_set,
	&readonly_email_copy,
	&readonly_email_import,
};

static const struct {
	const char *uri;
	unsigned bit;
} capabilities[] = {
	{ "urn:ietf:params:jmap:core", CAPABILITY_CORE },
	{ "urn:ietf:params:jmap:mail", CAPABILITY_MAIL },
};

const struct call_method *
methods_find(struct slice name, unsigned capabilities_used)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (slice_is(name, methods[i]->name))
			return (methods[i]->capability & capabilities_used) != 0
				   ? methods[i]
				   : NULL;
	return NULL;
}

unsigned
methods_capability(struct slice uri)
{
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (slice_is(uri, capabilities[i].uri))
			return capabilities[i].bit;
	return 0;
}
