/* SPDX-License-Identifier: ISC */
#include "jmapd/api/problem.h"

#include <stddef.h>

#include "base/buf.h"
#include "jmapd/wire/account.h"
#include "jmapd/wire/request.h"
#include "log/log.h"
#include "json/jsonw.h"

enum { TEXT_MAX = 2048 };

static void
say(struct jmapd_request *r, unsigned status, const char *type,
    const char *detail, const char *limit)
{
	const struct jmapd_request_head *head = jmapd_request_head(r);
	struct buf text = { .max = TEXT_MAX };
	struct jsonw w;

	jsonw_begin(&w, &text);
	jsonw_open(&w, '{');
	jsonw_name(&w, "type");
	jsonw_string(&w, slice_str(type));
	jsonw_name(&w, "status");
	jsonw_uint(&w, status);
	jsonw_name(&w, "detail");
	jsonw_string(&w, slice_str(detail));
	if (limit != NULL) {
		jsonw_name(&w, "limit");
		jsonw_string(&w, slice_str(limit));
	}
	jsonw_close(&w, '}');
	log_info("jmapd.request-refused", kv_s("sid", head->sid),
	    kv_s("account", jmapd_account_name()),
	    kv_s("client", head->address), kv_s("why", detail));
	jmapd_request_say(
	    r, status, "application/problem+json", buf_slice(&text));
	buf_fini(&text);
}

void
problem_say(struct jmapd_request *r, unsigned status, const char *type,
    const char *detail, const char *limit)
{
	char urn[128] = "urn:ietf:params:jmap:error:";
	struct buf text = { .max = sizeof urn };

	buf_adds(&text, urn);
	buf_adds(&text, type);
	(void)slice_copy(buf_slice(&text), urn, sizeof urn);
	buf_fini(&text);
	say(r, status, urn, detail, limit);
}

void
problem_plain(struct jmapd_request *r, unsigned status, const char *detail)
{
	say(r, status, "about:blank", detail, NULL);
}
