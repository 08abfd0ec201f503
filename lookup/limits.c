/* SPDX-License-Identifier: ISC */
#include "lookup/limits.h"

#include "base/buf.h"
#include "dns/mxlist.h"
#include "log/log.h"
#include "lookup/tables.h"
#include "proto/nexthop.h"
#include "table/key.h"
#include "table/limit.h"
#include "table/reader.h"
#include "table/table.h"

/* The entry KEY; one that cannot be read binds nothing, and the log says so. */
static bool
add_entry(struct slice key, struct buf *out)
{
	struct table *t = lookup_table(LOOKUP_LIMITS);
	struct buf value = { .max = TABLE_VALUE_MAX };
	char space[TABLE_KEY_MAX];
	struct slice folded;
	struct limit limit;
	struct err err;
	enum found found;

	if (lookup_table_is_missing(LOOKUP_LIMITS) ||
	    !table_fold(key, space, &folded))
		return false;
	found = lookup_table_found(
	    LOOKUP_LIMITS, table_get(t, folded, &value, &err));
	if (found == TEMPFAIL) {
		table_log_problem(t);
	} else if (found == FOUND &&
		   limit_parse(buf_slice(&value), &limit, &err) == -1) {
		log_err("lookup.entry-invalid", kv_s("table", table_spec(t)),
		    kv_slice("key", folded), kv_s("why", err.text));
		found = TEMPFAIL;
	}
	if (found == FOUND) {
		buf_add(out, folded);
		buf_addc(out, ' ');
		buf_add(out, buf_slice(&value));
	}
	buf_fini(&value);
	return found == FOUND;
}

/* NAME's entry, or that of a domain above it. */
static bool
add_name(struct slice name, struct buf *out)
{
	size_t at;

	if (add_entry(name, out))
		return true;
	for (at = slice_find(name, '.'); at < name.n;
	     at = slice_find(name, '.')) {
		name = slice_from(name, at);
		if (add_entry(name, out))
			return true;
		name = slice_from(name, 1);
	}
	return false;
}

static bool
add_hosts(const struct mx_list *list, struct buf *out)
{
	const struct mx_host *hosts[MX_HOSTS_MAX];

	mxlist_by_name(list, hosts);
	for (size_t i = 0; i < list->n; i++)
		if (add_name(slice_str(hosts[i]->name), out))
			return true;
	return false;
}

bool
lookup_limits_add(
    const struct nexthop *nh, const struct mx_list *list, struct buf *out)
{
	if (nh->kind == NEXTHOP_UNIX ||
	    lookup_table_is_missing(LOOKUP_LIMITS) ||
	    (list != NULL && add_hosts(list, out)))
		return false;
	if (add_name(nh->host, out))
		return true;
	(void)add_entry(SLICE("*"), out);
	return false;
}
