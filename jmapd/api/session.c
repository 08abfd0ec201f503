/* SPDX-License-Identifier: ISC */
#include "jmapd/api/session.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "jmapd/conf.h"
#include "jmapd/wire/account.h"
#include "jmapd/wire/request.h"
#include "maildir/name.h"
#include "json/jsonw.h"

enum { TEXT_MAX = 16 << 10 };

/* An account's name has characters that no id has (RFC 8620 1.2). */
struct slice
session_account_id(void)
{
	static char id[20];

	(void)snprintf(id, sizeof id, "A%016llx",
	    (unsigned long long)map_hash_fixed(
		slice_str(jmapd_account_name())));
	return slice_str(id);
}

void
session_put_account(struct jsonw *w)
{
	jsonw_name(w, "accountId");
	jsonw_string(w, session_account_id());
}

static void
put_uint(struct jsonw *w, const char *name, uint64_t n)
{
	jsonw_name(w, name);
	jsonw_uint(w, n);
}

static void
put_core(struct jsonw *w)
{
	jsonw_name(w, "urn:ietf:params:jmap:core");
	jsonw_open(w, '{');
	put_uint(w, "maxSizeUpload",
	    (uint64_t)jmapd_conf->shared.message_size_limit);
	put_uint(w, "maxConcurrentUpload", jmapd_conf->max_concurrent_requests);
	put_uint(w, "maxSizeRequest", (uint64_t)jmapd_conf->max_size_request);
	put_uint(
	    w, "maxConcurrentRequests", jmapd_conf->max_concurrent_requests);
	put_uint(w, "maxCallsInRequest", jmapd_conf->max_calls_in_request);
	put_uint(w, "maxObjectsInGet", jmapd_conf->max_objects_in_get);
	put_uint(w, "maxObjectsInSet", jmapd_conf->max_objects_in_set);
	jsonw_name(w, "collationAlgorithms");
	jsonw_open(w, '[');
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

/* RFC 8621 1.3.1 */
static void
put_mail_account(struct jsonw *w)
{
	static const char *const sorts[] = { "receivedAt", "size", "from", "to",
		"subject", "sentAt", "hasKeyword", "allInThreadHaveKeyword",
		"someInThreadHaveKeyword" };

	jsonw_name(w, "urn:ietf:params:jmap:mail");
	jsonw_open(w, '{');
	jsonw_name(w, "maxMailboxesPerEmail");
	jsonw_null(w);
	jsonw_name(w, "maxMailboxDepth");
	jsonw_null(w);
	put_uint(w, "maxSizeMailboxName", NAME_DIR_LIMIT);
	put_uint(w, "maxSizeAttachmentsPerEmail",
	    (uint64_t)jmapd_conf->shared.message_size_limit);
	jsonw_name(w, "emailQuerySortOptions");
	jsonw_open(w, '[');
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++)
		jsonw_string(w, slice_str(sorts[i]));
	jsonw_close(w, ']');
	jsonw_name(w, "mayCreateTopLevelMailbox");
	jsonw_bool(w, false);
	jsonw_close(w, '}');
}

static void
put_account(struct jsonw *w)
{
	jsonw_name(w, "accounts");
	jsonw_open(w, '{');
	jsonw_key(w, session_account_id());
	jsonw_open(w, '{');
	jsonw_name(w, "name");
	jsonw_string(w, slice_str(jmapd_account_name()));
	jsonw_name(w, "isPersonal");
	jsonw_bool(w, true);
	jsonw_name(w, "isReadOnly");
	jsonw_bool(w, true);
	jsonw_name(w, "accountCapabilities");
	jsonw_open(w, '{');
	jsonw_name(w, "urn:ietf:params:jmap:core");
	jsonw_open(w, '{');
	jsonw_close(w, '}');
	put_mail_account(w);
	jsonw_close(w, '}');
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

/* What does not depend on how the client has found us. */
static void
put_facts(struct jsonw *w)
{
	jsonw_name(w, "capabilities");
	jsonw_open(w, '{');
	put_core(w);
	jsonw_name(w, "urn:ietf:params:jmap:mail");
	jsonw_open(w, '{');
	jsonw_close(w, '}');
	jsonw_close(w, '}');
	put_account(w);
	jsonw_name(w, "primaryAccounts");
	jsonw_open(w, '{');
	jsonw_name(w, "urn:ietf:params:jmap:mail");
	jsonw_string(w, session_account_id());
	jsonw_close(w, '}');
	jsonw_name(w, "username");
	jsonw_string(w, slice_str(jmapd_account_name()));
}

void
session_state(char state[SESSION_STATE_SIZE])
{
	struct buf text = { .max = TEXT_MAX };
	struct jsonw w;

	jsonw_begin(&w, &text);
	put_facts(&w);
	(void)snprintf(state, SESSION_STATE_SIZE, "%016llx",
	    (unsigned long long)map_hash_fixed(buf_slice(&text)));
	buf_fini(&text);
}

static void
put_url(struct jsonw *w, const char *name, const char *base, const char *path)
{
	struct buf url = { .max = 1024 };

	buf_adds(&url, base);
	buf_adds(&url, path);
	jsonw_name(w, name);
	jsonw_string(w, buf_slice(&url));
	buf_fini(&url);
}

void
session_say(struct jmapd_request *r)
{
	const char *base = jmapd_request_head(r)->base;
	struct buf text = { .max = TEXT_MAX };
	char state[SESSION_STATE_SIZE];
	struct jsonw w;

	session_state(state);
	jsonw_begin(&w, &text);
	jsonw_open(&w, '{');
	put_facts(&w);
	put_url(&w, "apiUrl", base, JMAPD_PATH_API);
	put_url(&w, "downloadUrl", base,
	    JMAPD_PATH_DOWNLOAD "{accountId}/{blobId}/{name}?accept={type}");
	put_url(&w, "uploadUrl", base, JMAPD_PATH_UPLOAD "{accountId}/");
	put_url(&w, "eventSourceUrl", base,
	    JMAPD_PATH_EVENTS
	    "?types={types}&closeafter={closeafter}&ping={ping}");
	jsonw_name(&w, "state");
	jsonw_string(&w, slice_str(state));
	jsonw_close(&w, '}');
	jmapd_request_say(r, 200, "application/json", buf_slice(&text));
	buf_fini(&text);
}
