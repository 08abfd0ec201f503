/* SPDX-License-Identifier: ISC */
/* pabal mailbox undelete: expunged messages and deleted folders come back. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/bringback.h"
#include "ctl/mailbox/pick.h"
#include "ctl/view/out.h"
#include "store/keptlist.h"

struct undelete {
	struct pick pick;
	const char *to; /* NULL: where they were */
	bool dry_run;
};

/* The messages of one folder, in the order in which they came into it. */
struct undelete_group {
	const struct kept_mailbox *of;
	const struct kept_message **v;
	size_t n;
};

static int
by_uid(const void *pa, const void *pb)
{
	const struct kept_message *a = *(const struct kept_message *const *)pa;
	const struct kept_message *b = *(const struct kept_message *const *)pb;

	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static struct undelete_group
group_of(
    const struct kept_mailbox *of, const struct kept_message **all, size_t n)
{
	struct undelete_group g = { .of = of,
		.v = xcalloc(n + 1, sizeof *g.v) };

	for (size_t i = 0; i < n; i++)
		if (all[i]->mailbox == of)
			g.v[g.n++] = all[i];
	qsort(g.v, g.n, sizeof *g.v, by_uid);
	return g;
}

static void
print(struct asowner *o, struct slice name, size_t n, bool folder)
{
	asowner_row(o);
	out_str(o->out, name);
	out_num(o->out, (int64_t)n);
	out_bool(o->out, folder);
}

/* A folder that was deleted comes back as it was, if nothing but it is asked
 * for, and there is no other of its name. */
static int
bring(
    struct asowner *o, const struct undelete *u, const struct undelete_group *g)
{
	const struct slice name = u->to != NULL       ? slice_str(u->to)
				  : g->of->name.n > 0 ? g->of->name
						      : SLICE("Restored");
	const bool whole =
	    g->of->deleted_s != 0 && u->to == NULL && !pick_is_narrow(&u->pick);
	size_t restored = g->n;
	int rc = CTL_OK;

	if (whole && !u->dry_run) {
		rc = bringback_folder(o, g->of);
		if (rc == CTL_OK)
			print(o, name, g->n, true);
		if (rc != BRINGBACK_EXISTS)
			return rc;
	}
	if (!u->dry_run)
		rc = bringback_messages(o, name, g->v, g->n, &restored);
	print(o, name, restored, whole && u->dry_run);
	return rc;
}

static int
undelete(struct asowner *o)
{
	const struct undelete *u = o->arg;
	const struct kept_message **all;
	struct kept_list l;
	struct err err;
	size_t n = 0;
	int rc = CTL_OK;

	if (keptlist_read(&l, o->account, &err) == -1) {
		keptlist_fini(&l);
		return asowner_fail(o, &err);
	}
	all = pick_all(&u->pick, o->account, &l, &n);
	if (n == 0 && !u->dry_run)
		rc = ctl_fail("%s: nothing of that is kept", o->name);
	for (size_t i = 0; i < l.nmailboxes && rc == CTL_OK; i++) {
		struct undelete_group g = group_of(l.mailboxes[i], all, n);

		if (g.n > 0)
			rc = bring(o, u, &g);
		xfree(&g.v);
	}
	xfree(&all);
	keptlist_fini(&l);
	return rc;
}

int
cmd_mailbox_undelete(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "folder", 24 }, { "messages", -8 }, { "as_it_was", 0 } };
	struct undelete u = { .to = NULL };
	const struct ctl_opt opts[] = { { "uid", &u.pick.uids, NULL },
		{ "since", &u.pick.since, NULL },
		{ "before", &u.pick.before, NULL },
		{ "subject", &u.pick.subject, NULL }, { "to", &u.to, NULL },
		{ "dry-run", NULL, &u.dry_run }, { 0 } };
	const struct asowner_task task = { .run = undelete,
		.cols = cols,
		.ncols = ARRAY_LEN(cols),
		.charsets = true,
		.arg = &u };
	const int n = ctl_options(ctl, opts, argc, argv, 1, 2);

	if (n == -1 || !pick_parse(&u.pick, ctl))
		return CTL_USAGE;
	u.pick.folder = n == 2 ? argv[1] : NULL;
	return asowner_run(ctl, argv[0], &task);
}
