/* SPDX-License-Identifier: ISC */
/* pabal mailbox purge: what was kept long enough goes now. */
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "store/retention.h"

static int
purge(struct asowner *o)
{
	const bool *everything = o->arg;
	struct retained before, after;
	struct err err;
	bool more = true;
	int rc = account_retained(o->account, &before, &err);

	progress_begin("messages removed", (int64_t)before.messages);
	for (int64_t n = 0; more && rc == 0; n += 200) {
		progress_at(n);
		rc = account_expire(o->account, *everything, &more, &err);
	}
	progress_end();
	if (rc == 0)
		rc = account_retained(o->account, &after, &err);
	if (rc == -1)
		return asowner_fail(o, &err);
	asowner_row(o);
	out_num(o->out, (int64_t)(before.messages - after.messages));
	out_num(o->out, (int64_t)after.messages);
	out_num(o->out, (int64_t)after.bytes);
	return CTL_OK;
}

int
cmd_mailbox_purge(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "removed", -8 }, { "kept", -8 }, { "kept_bytes", -11 } };
	bool all = false, everything = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all },
		{ "everything", NULL, &everything }, { 0 } };
	const struct asowner_task task = { .run = purge,
		.cols = cols,
		.ncols = ARRAY_LEN(cols),
		.arg = &everything };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	const char *who;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	return asowner_run(ctl, who, &task);
}
