/* SPDX-License-Identifier: ISC */
/* pabal mailbox deleted: what can be brought back. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/pick.h"
#include "ctl/mailbox/when.h"
#include "ctl/view/out.h"
#include "store/keptlist.h"

static void
put_field(struct asowner *o, const struct kept_message *k, const char *name)
{
	struct buf text;

	buf_init(&text, 256 << 10);
	pick_field(o->account, k, name, &text);
	out_str(o->out, slice_trim(buf_slice(&text)));
	buf_fini(&text);
}

static void
print(struct asowner *o, const struct kept_message *k)
{
	asowner_row(o);
	if (k->mailbox->name.n > 0)
		out_str(o->out, k->mailbox->name);
	else
		out_none(o->out);
	if (k->uid > 0)
		out_num(o->out, k->uid);
	else
		out_none(o->out);
	when_put(o->out, k->expunged_s);
	out_bool(o->out, k->mailbox->deleted_s != 0);
	out_num(o->out, k->size);
	put_field(o, k, "From");
	put_field(o, k, "Subject");
}

static int
print_all(struct asowner *o)
{
	const struct pick *p = o->arg;
	struct kept_list l;
	struct err err;
	int rc = CTL_OK;

	if (keptlist_read(&l, o->account, &err) == -1)
		rc = asowner_fail(o, &err);
	for (size_t i = 0; i < l.nmessages; i++)
		if (pick_wants(p, o->account, &l.messages[i]))
			print(o, &l.messages[i]);
	keptlist_fini(&l);
	return rc;
}

int
cmd_mailbox_deleted(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "folder", 16 }, { "uid", -6 }, { "expunged", 20 },
		{ "with_folder", 11 }, { "bytes", -9 }, { "from", 28 },
		{ "subject", 0 } };
	struct pick p = { .folder = NULL };
	const struct ctl_opt opts[] = { { "uid", &p.uids, NULL },
		{ "since", &p.since, NULL }, { "before", &p.before, NULL },
		{ "subject", &p.subject, NULL }, { 0 } };
	const struct asowner_task task = { .run = print_all,
		.cols = cols,
		.ncols = ARRAY_LEN(cols),
		.charsets = true,
		.arg = &p };
	const int n = ctl_options(ctl, opts, argc, argv, 1, 2);

	if (n == -1 || !pick_parse(&p, ctl))
		return CTL_USAGE;
	p.folder = n == 2 ? argv[1] : NULL;
	return asowner_run(ctl, argv[0], &task);
}
