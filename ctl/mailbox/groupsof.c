/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/groupsof.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "table/group.h"
#include "table/reader.h"

int
groupsof(const struct tables *t, struct slice account, struct arena *a,
    const struct slice **groups, size_t *n)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	struct buf lines = { .max = GROUPS_TEXT_MAX };
	struct slice *v = arena_alloc(a, GROUPS_MAX * sizeof *v);
	struct slice rest;
	struct err err;
	enum found f = tables_get_if(t, "groups", account, &value, &err);

	if (f == FOUND)
		group_put(account, buf_slice(&value), &lines);
	rest = arena_slice(a, buf_slice(&lines));
	for (*n = 0; rest.n > 0 && *n < GROUPS_MAX; ++*n)
		v[*n] = slice_cut(rest, '\n', &rest);
	*groups = v;
	buf_fini(&value);
	buf_fini(&lines);
	return f == TEMPFAIL ? ctl_fail_err(&err) : CTL_OK;
}
