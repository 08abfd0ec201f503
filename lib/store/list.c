/* SPDX-License-Identifier: ISC */
/* The list of mailboxes, and subscriptions. */
#include <bsd/string.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/mailboxes.h"
#include "maildir/name.h"
#include "maildir/special.h"
#include "maildir/subscriptions.h"
#include "store/boxes.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/mailbox_make.h"
#include "store/notify.h"
#include "sys/kv.h"

struct mailbox_list {
	struct arena arena;
	struct mailbox_info *v;
	size_t n;
	size_t cap;
};

static void
list_add(struct mailbox_list *l, struct mailbox_info info)
{
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 16;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	info.name = arena_slice(&l->arena, info.name);
	l->v[l->n++] = info;
}

static int
by_name(const void *pa, const void *pb)
{
	const struct mailbox_info *a = pa;
	const struct mailbox_info *b = pb;

	return name_cmp(a->name, b->name);
}

static int
list_boxes(struct account *a, struct mailbox_list *l, struct err *err)
{
	struct kv_txn *t = kv_read(a->ix.env, err);
	struct ix_box b;
	uint32_t from = 0;
	enum found f;

	if (t == NULL)
		return -1;
	while ((f = ix_next_box(t, from, &b, err)) == FOUND) {
		from = b.box + 1;
		list_add(l, (struct mailbox_info){ .name = slice_str(b.name),
				.special = b.special,
				.exists = true });
	}
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

/* The same name twice: one entry with what both say. */
static void
unite(struct mailbox_list *l)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->v, l->n, sizeof *l->v, by_name);
	for (size_t i = 1; i < l->n; i++) {
		if (!slice_eq(l->v[i].name, l->v[n].name)) {
			l->v[++n] = l->v[i];
			continue;
		}
		l->v[n].exists |= l->v[i].exists;
		l->v[n].special |= l->v[i].special;
		l->v[n].subscribed |= l->v[i].subscribed;
	}
	l->n = n + 1;
}

/* Entries for levels that only have children. */
static void
add_parents(struct mailbox_list *l)
{
	const size_t n = l->n;

	for (size_t i = 0; i < n; i++) {
		struct slice up = l->v[i].name;

		if (!l->v[i].exists)
			continue;
		while (slice_rfind(up, '/') < up.n) {
			up = slice_sub(up, 0, slice_rfind(up, '/'));
			list_add(l, (struct mailbox_info){ .name = up });
		}
	}
}

/* In order, children follow their parent at once. */
static void
mark_children(struct mailbox_list *l)
{
	for (size_t i = 0; i + 1 < l->n; i++)
		for (size_t k = i + 1; k < l->n; k++) {
			if (!name_below(l->v[k].name, l->v[i].name))
				break;
			l->v[i].children |= l->v[k].exists;
		}
}

static void
add_shown(struct mailbox_list *l, unsigned shown)
{
	for (size_t i = 0; i < SPECIAL_BOXES; i++)
		if ((shown & special_boxes[i].special) != 0)
			list_add(
			    l, (struct mailbox_info){
				   .name = slice_str(special_boxes[i].name),
				   .special = special_boxes[i].special,
				   .exists = true });
}

static int
add_subscribed(
    struct account *a, unsigned shown, struct mailbox_list *l, struct err *err)
{
	struct subscriptions s;
	int rc = subscriptions_read(a->ix.fd, shown, &s, err);

	for (size_t i = 0; i < s.n; i++)
		list_add(
		    l, (struct mailbox_info){
			   .name = slice_str(s.names[i]), .subscribed = true });
	subscriptions_fini(&s);
	return rc;
}

int
mailbox_list(struct account *a, bool subscribed,
    bool (*visit)(void *arg, const struct mailbox_info *info), void *arg,
    struct err *err)
{
	struct mailbox_list l = { 0 };
	unsigned shown;
	int rc = -1;

	arena_init(&l.arena);
	if (boxes_sync(a, err) == -1 || list_boxes(a, &l, err) == -1 ||
	    boxes_shown(a, &shown, err) == -1 ||
	    add_subscribed(a, shown, &l, err) == -1)
		goto out;
	add_shown(&l, shown);
	add_parents(&l);
	unite(&l);
	mark_children(&l);
	for (size_t i = 0; i < l.n; i++) {
		const struct mailbox_info *e = &l.v[i];

		if (subscribed ? !e->subscribed : !e->exists && !e->children)
			continue;
		if (!visit(arg, e))
			break;
	}
	rc = 0;
out:
	arena_fini(&l.arena);
	xfree(&l.v);
	return rc;
}

static int
subscribe(struct account *a, struct slice name, bool on, struct err *err)
{
	int64_t before_ns;
	unsigned shown;
	struct tx tx;
	int rc;

	if (handle_begin(a, 0, &tx, err) == -1)
		return -1;
	before_ns = maildir_names_time(a->ix.fd);
	rc = boxes_shown(a, &shown, err);
	if (rc == 0)
		rc = subscriptions_set(a->ix.fd, shown, name, on, err);
	/* The file is not in the index: what is on disk holds. */
	tx_names_end(&tx, before_ns);
	if (rc == 0)
		(void)tx_commit(&tx, NULL);
	else
		tx_abort(&tx);
	/* No change of the index says so. */
	if (rc == 0)
		notify_account(a);
	return rc;
}

int
mailbox_subscribe(
    struct account *a, struct slice name, bool on, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct buf normal;
	int rc;

	buf_init(&normal, NAME_LIMIT);
	rc = mailbox_make_name(name, &normal, dir, err);
	if (rc == 0)
		rc = subscribe(a, buf_slice(&normal), on, err);
	buf_fini(&normal);
	return rc;
}
