/* SPDX-License-Identifier: ISC */
/* pabal mailbox check: does the index say what the files say? */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/folders.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "store/mailbox.h"
#include "store/verify.h"

enum { PAUSE_NS = 300 * 1000000 };

struct box_check {
	const char *folder; /* NULL: all */
	bool thorough;
};

/* What one look has found. */
struct findings {
	struct arena arena;
	struct verify_finding *v;
	size_t n;
	size_t cap;
};

static void
note(void *arg, const struct verify_finding *f)
{
	struct findings *l = arg;

	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 16;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n] = *f;
	if (f->file != NULL)
		l->v[l->n].file = arena_str(&l->arena, slice_str(f->file));
	l->n++;
}

static void
findings_fini(struct findings *l)
{
	xfree(&l->v);
	arena_fini(&l->arena);
}

static bool
is_same(const struct verify_finding *a, const struct verify_finding *b)
{
	return strcmp(a->what, b->what) == 0 && a->uid == b->uid &&
	       (a->file == NULL) == (b->file == NULL) &&
	       (a->file == NULL || strcmp(a->file, b->file) == 0);
}

/* One look; M is NULL: at the account's sums. */
static int
look(struct asowner *o, struct mailbox *m, struct findings *l, bool *building,
    struct err *err)
{
	const struct box_check *c = o->arg;

	*l = (struct findings){ .n = 0 };
	arena_init(&l->arena);
	if (m == NULL)
		return account_verify(o->account, note, l, err) == -1 ||
			       account_verify_dirs(o->account, note, l, err) ==
				   -1
			   ? -1
			   : 0;
	return mailbox_verify(m, c->thorough, building, note, l, err);
}

static void
print(struct asowner *o, struct slice folder, const struct verify_finding *f)
{
	asowner_row(o);
	if (folder.n > 0)
		out_str(o->out, folder);
	else
		out_none(o->out);
	out_str(o->out, slice_str(f->what));
	if (f->uid > 0)
		out_num(o->out, f->uid);
	else
		out_none(o->out);
	out_num(o->out, (int64_t)f->index);
	out_num(o->out, (int64_t)f->found);
	if (f->file != NULL)
		out_str(o->out, slice_str(f->file));
	else
		out_none(o->out);
}

/* What two looks have found, one after the other: how many. */
static size_t
print_both(struct asowner *o, struct slice folder, const struct findings *a,
    const struct findings *b)
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < a->n; i++) {
		/* Mostly in the same order. */
		for (size_t left = b->n; left > 0; left--, k++)
			if (is_same(&a->v[i], &b->v[k % b->n])) {
				print(o, folder, &a->v[i]);
				n++;
				break;
			}
	}
	return n;
}

static int
check_twice(struct asowner *o, struct slice folder, struct mailbox *m)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	static const struct verify_finding busy = { "building", 0, NULL, 0, 1 };
	struct findings first, second = { .n = 0 };
	bool building = false;
	struct err err = { 0 };
	int rc = look(o, m, &first, &building, &err);
	size_t n = 0;

	if (rc == 0 && first.n > 0) {
		(void)nanosleep(&pause, NULL);
		rc = look(o, m, &second, &building, &err);
		n = rc == 0 ? print_both(o, folder, &first, &second) : 0;
		findings_fini(&second);
	}
	if (rc == 0 && building)
		print(o, folder, &busy);
	findings_fini(&first);
	if (rc == -1 && err.code != ERR_NOT_FOUND)
		return ctl_fail(
		    "%s: %.*s: %s", o->name, SLICE_FMT(folder), err.text);
	return n > 0 ? CTL_FAILED : CTL_OK;
}

static int
check_folder(struct asowner *o, struct slice name)
{
	struct mailbox *m;
	struct err err;
	int rc;

	switch (mailbox_open(o->account, name, &m, &err)) {
	case ABSENT:
		return CTL_OK; /* deleted meanwhile */
	case TEMPFAIL:
		return ctl_fail(
		    "%s: %.*s: %s", o->name, SLICE_FMT(name), err.text);
	case FOUND:
		break;
	}
	rc = check_twice(o, name, m);
	mailbox_close(&m);
	return rc;
}

static int
check(struct asowner *o)
{
	const struct box_check *c = o->arg;
	bool found = c->folder == NULL;
	struct folders l;
	struct err err;
	int rc = CTL_OK;

	if (folders_read(&l, o->account, &err) == -1) {
		folders_fini(&l);
		return asowner_fail(o, &err);
	}
	progress_begin("folders checked", (int64_t)l.n);
	for (size_t i = 0; i < l.n; i++) {
		progress_at((int64_t)i);
		if (!l.v[i].used ||
		    (c->folder != NULL && !slice_is(l.v[i].name, c->folder)))
			continue;
		found = true;
		if (check_folder(o, l.v[i].name) != CTL_OK)
			rc = CTL_FAILED;
	}
	progress_end();
	folders_fini(&l);
	if (!found)
		return ctl_fail(
		    "%s: there is no folder %s", o->name, c->folder);
	if (c->folder == NULL && check_twice(o, SLICE(""), NULL) != CTL_OK)
		rc = CTL_FAILED;
	return rc;
}

int
cmd_mailbox_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "folder", 16 }, { "differs", 16 }, { "uid", -6 },
		{ "index", -12 }, { "found", -12 }, { "file", 0 } };
	struct box_check c = { .folder = NULL };
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all },
		{ "thorough", NULL, &c.thorough }, { 0 } };
	const struct asowner_task task = {
		.run = check, .cols = cols, .ncols = ARRAY_LEN(cols), .arg = &c
	};
	const int n = ctl_options(ctl, opts, argc, argv, 0, 2);
	const char *who;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	c.folder = n == 2 ? argv[1] : NULL;
	return asowner_run(ctl, who, &task);
}
