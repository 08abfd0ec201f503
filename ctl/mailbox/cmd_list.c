/* SPDX-License-Identifier: ISC */
/* pabal mailbox list: the folders of accounts, with what is in them. */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/folders.h"
#include "ctl/view/out.h"
#include "store/mailbox.h"

/* A default folder that nobody has used yet is not made by being looked at. */
static int
print_unused(struct asowner *o, const struct folder *f)
{
	asowner_row(o);
	out_str(o->out, f->name);
	out_num(o->out, 0);
	out_num(o->out, 0);
	out_num(o->out, 0);
	out_none(o->out);
	out_none(o->out);
	folders_put_special(o->out, f->special);
	out_bool(o->out, f->subscribed);
	out_none(o->out);
	return CTL_OK;
}

static int
print(struct asowner *o, const struct folder *f)
{
	struct mailbox_status st;
	struct err err;

	if (!f->used)
		return print_unused(o, f);
	switch (folders_status(o->account, f->name, &st, &err)) {
	case ABSENT:
		return CTL_OK; /* deleted meanwhile */
	case TEMPFAIL:
		return ctl_fail(
		    "%s: %.*s: %s", o->name, SLICE_FMT(f->name), err.text);
	case FOUND:
		break;
	}
	asowner_row(o);
	out_str(o->out, f->name);
	out_num(o->out, st.messages);
	out_num(o->out, st.unseen);
	out_num(o->out, (int64_t)st.bytes);
	out_num(o->out, st.uidvalidity);
	out_num(o->out, st.uidnext);
	folders_put_special(o->out, st.special);
	out_bool(o->out, f->subscribed);
	out_str(o->out, slice_str(st.id));
	return CTL_OK;
}

static int
list(struct asowner *o)
{
	struct folders l;
	struct err err;
	int rc = CTL_OK;

	if (folders_read(&l, o->account, &err) == -1)
		rc = asowner_fail(o, &err);
	for (size_t i = 0; i < l.n; i++)
		if (print(o, &l.v[i]) != CTL_OK)
			rc = CTL_FAILED;
	folders_fini(&l);
	return rc;
}

int
cmd_mailbox_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "folder", 20 }, { "messages", -8 }, { "unseen", -6 },
		{ "bytes", -11 }, { "uidvalidity", -11 }, { "uidnext", -7 },
		{ "special_use", 11 }, { "subscribed", 10 }, { "id", 0 } };
	const struct asowner_task task = {
		.run = list, .cols = cols, .ncols = ARRAY_LEN(cols)
	};
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	const char *who;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	return asowner_run(ctl, who, &task);
}
