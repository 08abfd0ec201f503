/* SPDX-License-Identifier: ISC */
#include "lookup/source.h"

#include "base/buf.h"
#include "log/log.h"
#include "lookup/hosts.h"
#include "lookup/tables.h"
#include "proto/nexthop.h"
#include "table/key.h"
#include "table/reader.h"
#include "table/source.h"
#include "table/table.h"

/* The entry KEY in OUT. */
static enum found
get(void *arg, struct slice key)
{
	struct buf *out = arg;
	struct table *t = lookup_table(LOOKUP_SOURCE_ADDRESSES);
	struct sources sources;
	struct err err;
	enum found found;

	if (!lookup_source_is_used())
		return ABSENT;
	buf_reset(out);
	found = lookup_table_found(
	    LOOKUP_SOURCE_ADDRESSES, table_get(t, key, out, &err));
	if (found == TEMPFAIL)
		table_log_problem(t);
	if (found != FOUND || source_parse(buf_slice(out), &sources, &err) == 0)
		return found;
	log_err("lookup.entry-invalid", kv_s("table", table_spec(t)),
	    kv_slice("key", key), kv_s("why", err.text));
	return TEMPFAIL;
}

static enum found
get_login(struct slice login, struct buf *out)
{
	struct buf key = { .max = TABLE_KEY_MAX };
	enum found found = ABSENT;

	buf_adds(&key, SOURCE_LOGIN);
	buf_add(&key, login);
	if (login.n > 0 && !key.failed)
		found = get(out, buf_slice(&key));
	buf_fini(&key);
	return found;
}

/* An address may begin like the key of a login, and is none. */
static enum found
get_sender(struct slice sender, struct buf *out)
{
	const size_t at = slice_rfind(sender, '@');
	enum found found = ABSENT;

	if (at == sender.n)
		return ABSENT;
	if (!slice_istarts(sender, SLICE(SOURCE_LOGIN)))
		found = get(out, sender);
	return found != ABSENT ? found : get(out, slice_from(sender, at));
}

bool
lookup_source_is_used(void)
{
	return !lookup_table_is_missing(LOOKUP_SOURCE_ADDRESSES);
}

enum found
lookup_source_add(struct slice login, struct slice sender,
    const struct nexthop *nh, const struct mx_list *list, struct buf *out)
{
	enum found found;
	bool own;

	if (nh->kind == NEXTHOP_UNIX || !lookup_source_is_used())
		return ABSENT;
	found = get_login(login, out);
	if (found == ABSENT)
		found = get_sender(sender, out);
	if (found == ABSENT)
		found = lookup_hosts_find(nh, list, get, out, &own);
	return found != ABSENT ? found : get(out, SLICE("*"));
}
