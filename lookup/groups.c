/* SPDX-License-Identifier: ISC */
#include "lookup/groups.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "log/log.h"
#include "lookup/tables.h"
#include "table/group.h"
#include "table/reader.h"
#include "table/table.h"

bool
lookup_groups(struct slice account, struct arena *a, struct slice *groups)
{
	struct buf lines = { .max = GROUPS_TEXT_MAX };
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found = lookup_table_get(LOOKUP_GROUPS, account, &value);
	struct err err = { 0 };

	if (found == FOUND &&
	    group_check(account, buf_slice(&value), &err) == -1) {
		log_err("lookup.entry-invalid",
		    kv_s("table", table_spec(lookup_table(LOOKUP_GROUPS))),
		    kv_slice("key", account), kv_s("why", err.text));
		found = TEMPFAIL;
	}
	if (found == FOUND)
		group_put(account, buf_slice(&value), &lines);
	*groups = arena_slice(a, buf_slice(&lines));
	buf_fini(&lines);
	buf_fini(&value);
	return found != TEMPFAIL;
}
