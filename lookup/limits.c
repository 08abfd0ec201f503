/* SPDX-License-Identifier: ISC */
#include "lookup/limits.h"

#include "base/buf.h"
#include "log/log.h"
#include "lookup/hosts.h"
#include "lookup/tables.h"
#include "proto/nexthop.h"
#include "table/key.h"
#include "table/limit.h"
#include "table/reader.h"
#include "table/table.h"

/* The entry KEY in *OUT; one that cannot be read binds nothing, and the log
 * says so. */
static enum found
add_entry(void *arg, struct slice key)
{
	struct buf *out = arg;
	struct table *t = lookup_table(LOOKUP_LIMITS);
	struct buf value = { .max = TABLE_VALUE_MAX };
	char space[TABLE_KEY_MAX];
	struct slice folded;
	struct limit limit;
	struct err err;
	enum found found;

	if (lookup_table_is_missing(LOOKUP_LIMITS) ||
	    !table_fold(key, space, &folded))
		return ABSENT;
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
	return found == FOUND ? FOUND : ABSENT;
}

bool
lookup_limits_add(
    const struct nexthop *nh, const struct mx_list *list, struct buf *out)
{
	bool own;

	if (nh->kind == NEXTHOP_UNIX || lookup_table_is_missing(LOOKUP_LIMITS))
		return false;
	if (lookup_hosts_find(nh, list, add_entry, out, &own) == ABSENT)
		(void)add_entry(out, SLICE("*"));
	return own;
}
