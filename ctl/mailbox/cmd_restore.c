/* SPDX-License-Identifier: ISC */
/* pabal mailbox restore: a folder gets back what it held at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/bringback.h"
#include "ctl/mailbox/moved.h"
#include "ctl/mailbox/past.h"
#include "ctl/mailbox/when.h"
#include "ctl/view/out.h"
#include "maildir/name.h"
#include "store/keptlist.h"
#include "sys/clock.h"

struct restore {
	const char *folder;
	int64_t at_s;
	bool dry_run;
};

/* The folder of that name that was deleted first after the time: the one that
 * was there at it. */
static const struct kept_mailbox *
find_deleted(const struct kept_list *l, struct slice name, int64_t at_s)
{
	const struct kept_mailbox *found = NULL;

	for (size_t i = 0; i < l->nmailboxes; i++) {
		const struct kept_mailbox *m = l->mailboxes[i];

		if (m->deleted_s > at_s && slice_eq(m->name, name) &&
		    (found == NULL || m->deleted_s < found->deleted_s))
			found = m;
	}
	return found;
}

/* Was K in it at the time?  Of what went with its folder that is not known. */
static bool
was_there(const struct restore *r, const struct kept_message *k,
    struct slice name, const char *id)
{
	if (k->mailbox->deleted_s != 0 && !slice_eq(k->mailbox->name, name))
		return false;
	if (k->mailbox->deleted_s == 0 && strcmp(k->mailbox->id, id) != 0)
		return false;
	return k->saved_s <= r->at_s && k->expunged_s > r->at_s;
}

static void
print(struct asowner *o, const struct restore *r, struct slice name,
    size_t restored, const struct past *p)
{
	asowner_row(o);
	out_str(o->out, name);
	when_put(o->out, r->at_s);
	out_num(o->out, (int64_t)restored);
	out_num(o->out, (int64_t)p->later);
	if (p->complete)
		out_num(o->out, (int64_t)p->missing);
	else
		out_none(o->out);
}

/* Those that were there at the time, and were expunged since: from here, or
 * from where they had been moved. */
static size_t
select_kept(const struct restore *r, const struct kept_list *l,
    const struct kept_mailbox *whole, struct slice name, struct past *p,
    const struct moved *moved, const struct kept_message **v)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nmessages; i++) {
		const struct kept_message *k = &l->messages[i];

		if (k->mailbox != whole && was_there(r, k, name, p->id)) {
			v[n++] = k;
			past_found(p, k->uid);
		} else if (strcmp(k->mailbox->id, p->id) == 0) {
			past_known(p, k->uid);
		}
	}
	for (size_t i = 0; i < moved->n; i++) {
		past_found(p, moved->v[i].uid);
		if (moved->v[i].kept != NULL)
			v[n++] = moved->v[i].kept;
	}
	past_count(p);
	return n;
}

/* N messages of V and the moved ones; *CAME: how many. */
static int
bring_all(struct asowner *o, struct slice name,
    const struct kept_message *const *v, size_t n, const struct moved *moved,
    size_t *came)
{
	size_t copied = 0, restored = 0;
	int rc = CTL_OK;

	if (n > 0)
		rc = bringback_messages(o, name, v, n, &restored);
	if (rc == CTL_OK)
		rc = moved_copy(moved, o, name, &copied);
	*came = restored + copied;
	return rc;
}

static size_t
count_copies(const struct moved *moved)
{
	size_t n = 0;

	for (size_t i = 0; i < moved->n; i++)
		n += moved->v[i].kept == NULL;
	return n;
}

/* What is brought back message by message; the others stay. */
static int
bring(struct asowner *o, const struct restore *r, const struct kept_list *l,
    const struct kept_mailbox *whole, struct slice name)
{
	const struct kept_message **v;
	struct moved moved = { .n = 0 };
	size_t n = 0, came = 0;
	struct past p;
	int rc = past_look(&p, o, name, whole, r->at_s);

	if (rc == CTL_OK)
		rc = moved_find(&moved, o, l, &p, r->at_s);
	v = xcalloc(l->nmessages + moved.n + 1, sizeof *v);
	if (rc == CTL_OK) {
		n = select_kept(r, l, whole, name, &p, &moved, v);
		came = n + count_copies(&moved);
	}
	if (rc == CTL_OK && came == 0 && whole == NULL && !p.exists) {
		rc = ctl_fail("%s: there is no folder %.*s, and none that was "
			      "deleted since then is kept",
		    o->name, SLICE_FMT(name));
	} else if (rc == CTL_OK) {
		if (!r->dry_run)
			rc = bring_all(o, name, v, n, &moved, &came);
		print(o, r, name, came + (whole != NULL ? whole->messages : 0),
		    &p);
	}
	moved_fini(&moved);
	past_fini(&p);
	xfree(&v);
	return rc;
}

static int
restore_named(struct asowner *o, const struct restore *r, struct slice name)
{
	const struct kept_mailbox *whole;
	struct kept_list l;
	struct err err;
	int rc = CTL_OK;

	if (keptlist_read(&l, o->account, &err) == -1) {
		keptlist_fini(&l);
		return asowner_fail(o, &err);
	}
	whole = find_deleted(&l, name, r->at_s);
	if (whole != NULL && !r->dry_run)
		rc = bringback_folder(o, whole);
	/* There is another of its name: its messages come into that. */
	if (rc == BRINGBACK_EXISTS) {
		whole = NULL;
		rc = CTL_OK;
	}
	if (rc == CTL_OK)
		rc = bring(o, r, &l, whole, name);
	keptlist_fini(&l);
	return rc;
}

static int
restore(struct asowner *o)
{
	const struct restore *r = o->arg;
	struct buf name;
	int rc;

	buf_init(&name, NAME_LIMIT);
	if (name_normal(&name, slice_str(r->folder)))
		rc = restore_named(o, r, buf_slice(&name));
	else
		rc = ctl_fail("no folder can be called %s", r->folder);
	buf_fini(&name);
	return rc;
}

int
cmd_mailbox_restore(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "folder", 24 }, { "at", 20 }, { "restored", -8 },
		{ "later", -8 }, { "missing", -8 } };
	struct restore r = { .folder = NULL };
	const char *at = NULL;
	const struct ctl_opt opts[] = { { "at", &at, NULL },
		{ "dry-run", NULL, &r.dry_run }, { 0 } };
	const struct asowner_task task = { .run = restore,
		.cols = cols,
		.ncols = ARRAY_LEN(cols),
		.arg = &r };

	if (ctl_options(ctl, opts, argc, argv, 2, 2) == -1)
		return CTL_USAGE;
	if (at == NULL || !when_parse(at, &r.at_s))
		return ctl_usage(ctl,
		    "--at: expected an age (30m, 12h, 2d) or a time in UTC "
		    "(2026-11-20T21:00)");
	if (r.at_s > clock_wall_s())
		return ctl_usage(ctl, "--at: %s is in the future", at);
	r.folder = argv[1];
	return asowner_run(ctl, argv[0], &task);
}
