/* SPDX-License-Identifier: ISC */
/* pabal mailbox rebuild: the index of an account anew from its files. */
#include <stdbool.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "store/account.h"
#include "store/store.h"
#include "store/usage.h"

enum { PAUSE_NS = 100 * 1000000 };

/* Another process may be at it. */
static int
build(struct account *a, struct err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int rc;

	while ((rc = account_rebuild(a, err)) == -1 && store_is_building(err))
		(void)nanosleep(&pause, NULL);
	return rc;
}

/* Large mailboxes are taken in afterwards; sessions of others wait for theirs
 * alone. */
static int
take_in(struct account *a, int64_t expected, struct err *err)
{
	struct account_usage usage;
	bool more = true;
	int rc = 0;

	progress_begin("messages in the index", expected);
	while (more && rc == 0) {
		rc = account_flush(a, &more, err);
		if (rc == 0 && progress_wanted() &&
		    account_usage(a, &usage, err) == 0)
			progress_at((int64_t)usage.used.messages);
	}
	progress_end();
	return rc;
}

static int
rebuild(struct asowner *o)
{
	struct account_usage before, after;
	struct err err;

	if (account_usage(o->account, &before, &err) == -1 ||
	    build(o->account, &err) == -1 ||
	    take_in(o->account, (int64_t)before.used.messages, &err) == -1 ||
	    account_usage(o->account, &after, &err) == -1)
		return asowner_fail(o, &err);
	asowner_row(o);
	out_num(o->out, (int64_t)before.used.messages);
	out_num(o->out, (int64_t)after.used.messages);
	out_num(o->out, (int64_t)after.used.bytes);
	return CTL_OK;
}

int
cmd_mailbox_rebuild(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "messages_before", -15 }, { "messages", -8 },
		{ "bytes", -11 } };
	const struct asowner_task task = {
		.run = rebuild, .cols = cols, .ncols = ARRAY_LEN(cols)
	};
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	const char *who;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	return asowner_run(ctl, who, &task);
}
