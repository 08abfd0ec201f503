/* SPDX-License-Identifier: ISC */
/* pabal mailbox status: accounts, or one folder, in numbers. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/folders.h"
#include "ctl/mailbox/when.h"
#include "ctl/view/out.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "store/retention.h"
#include "store/states.h"
#include "store/usage.h"

static void
put_limit(struct out *out, uint64_t max)
{
	if (max > 0)
		out_num(out, (int64_t)max);
	else
		out_none(out);
}

/* What it takes on the disk; it is sparse. */
static void
put_index_size(struct asowner *o)
{
	struct stat sb;

	if (fstatat(o->dirfd, "pabal.index/data.mdb", &sb,
		AT_SYMLINK_NOFOLLOW) == 0)
		out_num(o->out, (int64_t)sb.st_blocks * 512);
	else
		out_none(o->out);
}

static int
account_status(struct asowner *o)
{
	struct account_usage usage;
	struct account_index ix;
	struct retained kept;
	struct folders l;
	struct err err;
	size_t used = 0;

	if (folders_read(&l, o->account, &err) == -1) {
		folders_fini(&l);
		return asowner_fail(o, &err);
	}
	for (size_t i = 0; i < l.n; i++)
		used += l.v[i].used;
	folders_fini(&l);
	if (account_usage(o->account, &usage, &err) == -1 ||
	    account_retained(o->account, &kept, &err) == -1 ||
	    account_index(o->account, &ix, &err) == -1)
		return asowner_fail(o, &err);
	asowner_row(o);
	out_num(o->out, (int64_t)used);
	out_num(o->out, (int64_t)usage.used.messages);
	out_num(o->out, (int64_t)usage.used.bytes);
	put_limit(o->out, usage.max.bytes);
	out_num(o->out, (int64_t)kept.messages);
	out_num(o->out, (int64_t)kept.bytes);
	out_str(o->out, slice_str(ix.building ? "building" : "ready"));
	put_index_size(o);
	out_num(o->out, (int64_t)ix.modseq);
	out_num(o->out, (int64_t)ix.gone);
	when_put(o->out, (int64_t)(ix.log_floor / 1000000));
	return CTL_OK;
}

static int
folder_status(struct asowner *o)
{
	const char *name = o->arg;
	struct mailbox_status st;
	struct err err = { 0 };

	if (folders_status_if(o->account, slice_str(name), &st, &err) != FOUND)
		return asowner_fail(o, &err);
	asowner_row(o);
	out_str(o->out, slice_str(name));
	out_num(o->out, st.messages);
	out_num(o->out, st.unseen);
	out_num(o->out, st.deleted);
	out_num(o->out, st.recent);
	out_num(o->out, (int64_t)st.bytes);
	out_num(o->out, st.uidvalidity);
	out_num(o->out, st.uidnext);
	out_num(o->out, (int64_t)st.highestmodseq);
	folders_put_special(o->out, st.special);
	out_str(o->out, slice_str(st.id));
	return CTL_OK;
}

static const struct out_col account_cols[] = { { "account", 24 },
	{ "folders", -7 }, { "messages", -8 }, { "bytes", -11 },
	{ "quota", -11 }, { "kept", -7 }, { "kept_bytes", -11 }, { "index", 8 },
	{ "index_bytes", -11 }, { "modseq", -16 }, { "log_gone", -8 },
	{ "log_since", 20 } };
static const struct out_col folder_cols[] = { { "account", 24 },
	{ "folder", 20 }, { "messages", -8 }, { "unseen", -6 },
	{ "deleted", -7 }, { "recent", -6 }, { "bytes", -11 },
	{ "uidvalidity", -11 }, { "uidnext", -7 }, { "modseq", -16 },
	{ "special_use", 11 }, { "id", 0 } };

int
cmd_mailbox_status(struct ctl *ctl, int argc, char **argv)
{
	struct asowner_task task = { .run = account_status,
		.cols = account_cols,
		.ncols = ARRAY_LEN(account_cols) };
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 2);
	const char *who;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	if (n == 2) {
		task.run = folder_status;
		task.cols = folder_cols;
		task.ncols = ARRAY_LEN(folder_cols);
		task.arg = argv[1];
	}
	return asowner_run(ctl, who, &task);
}
