/* SPDX-License-Identifier: ISC */
/*
 * Naming mailboxes: list, create, delete, rename, subscribe.  A mailbox is made
 * when its directory, with its own file in it, is there; it is deleted when its
 * directory has another name (pabal.deleted.*, removed at leisure).
 */
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "store/boxes.h"
#include "store/boxfile.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/name.h"
#include "store/subscriptions.h"
#include "store/tx.h"
#include "sys/fd.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct list {
	struct arena arena;
	struct mailbox_info *v;
	size_t n;
	size_t cap;
};

static void
list_add(struct list *l, struct mailbox_info info)
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
list_boxes(struct account *a, struct list *l, struct err *err)
{
	struct kv_txn *t = kv_read(a->env, err);
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
unite(struct list *l)
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
add_parents(struct list *l)
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
mark_children(struct list *l)
{
	for (size_t i = 0; i + 1 < l->n; i++)
		for (size_t k = i + 1; k < l->n; k++) {
			if (!name_below(l->v[k].name, l->v[i].name))
				break;
			l->v[i].children |= l->v[k].exists;
		}
}

static int
add_subscribed(struct account *a, struct list *l, struct err *err)
{
	struct subscriptions s;
	int rc = subscriptions_read(a->fd, &s, err);

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
	struct list l = { 0 };
	int rc = -1;

	arena_init(&l.arena);
	if (boxes_sync(a, err) == -1 || list_boxes(a, &l, err) == -1 ||
	    add_subscribed(a, &l, err) == -1)
		goto out;
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
refuse(struct slice name, struct buf *normal, char dir[NAME_DIR_LIMIT + 1],
    struct err *err)
{
	struct buf text;
	bool ok;

	buf_init(&text, NAME_DIR_LIMIT);
	ok = name_normal(normal, name) &&
	     name_to_dir(&text, buf_slice(normal)) &&
	     slice_copy(buf_slice(&text), dir, NAME_DIR_LIMIT + 1);
	buf_fini(&text);
	return ok ? 0
		  : err_set(err, ERR_PERM,
			"[CANNOT] a mailbox cannot have this name");
}

/* The directory of a mailbox with what a Maildir++ reader expects in it. */
static int
make_dir(struct account *a, const char *dir, unsigned special,
    uint32_t uidvalidity, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	struct boxfile f = {
		.uidvalidity = uidvalidity, .special = special, .ceiling = 1
	};
	struct box_dirs d;
	int fd, rc = -1;

	if (mkdirat(a->fd, dir, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "make %s", dir);
	if (box_dirs_open(&d, a->fd, dir, true, err) != FOUND)
		return -1;
	fd = openat(d.fd, "maildirfolder", flags, 0600);
	if (fd == -1)
		err_sys(err, ERR_TEMP, "make maildirfolder");
	fd_close(&fd);
	boxfile_new_id(f.id);
	if (boxfile_read(d.fd, &f, err) != ABSENT ||
	    boxfile_write(d.fd, &f, err) == 0)
		rc = fd_sync(a->fd, err);
	box_dirs_close(&d);
	return rc;
}

static int
create(struct account *a, struct slice name, const char *dir, unsigned special,
    struct err *err)
{
	size_t room = TX_ROOM;
	struct tx tx;
	uint32_t box;
	enum found f;
	int rc;

	do {
		if (tx_begin(a, room, &tx, err) == -1)
			return -1;
		f = ix_find_box(tx.t, name, &box, err);
		rc = f == ABSENT ? 0 : -1;
		if (f == FOUND)
			err_set(err, ERR_PERM,
			    "[ALREADYEXISTS] the mailbox exists");
		if (rc == 0)
			rc =
			    make_dir(a, dir, special, tx_uidvalidity(&tx), err);
		if (rc == 0)
			rc = boxes_adopt(&tx, dir, false, &room, err);
		if (rc == 0)
			return tx_commit(&tx, err);
		tx_abort(&tx);
	} while (rc == 1);
	return -1;
}

int
mailbox_create(
    struct account *a, struct slice name, unsigned special, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct buf normal;
	int rc;

	buf_init(&normal, NAME_LIMIT);
	rc = refuse(name, &normal, dir, err);
	if (rc == 0)
		rc = boxes_sync(a, err);
	if (rc == 0)
		rc = create(a, buf_slice(&normal), dir, special, err);
	buf_fini(&normal);
	return rc;
}

static int delete (struct account *a, struct tx *tx, const struct ix_box *b,
    char *grave, size_t size, struct err *err)
{
	snprintf(
	    grave, size, "pabal.deleted.%08x%08x", arc4random(), arc4random());
	if (renameat(a->fd, b->dir, a->fd, grave) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "rename %s", b->dir);
	if (boxes_forget(tx, b, err) == 0)
		return 0;
	(void)renameat(a->fd, grave, a->fd, b->dir);
	return -1;
}

/* The record of NAME; ERR_PERM [NONEXISTENT]. */
static int
find_named(struct tx *tx, struct slice name, struct ix_box *b, struct err *err)
{
	uint32_t box;
	enum found f = ix_find_box(tx->t, name, &box, err);

	if (f == FOUND)
		f = ix_get_box(tx->t, box, b, err);
	if (f == ABSENT)
		err_set(err, ERR_PERM, "[NONEXISTENT] no such mailbox");
	return f == FOUND ? 0 : -1;
}

int
mailbox_delete(struct account *a, struct slice name, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1], grave[64] = "";
	struct buf normal;
	struct ix_box b;
	struct tx tx;
	int rc;

	buf_init(&normal, NAME_LIMIT);
	rc = refuse(name, &normal, dir, err);
	if (rc == 0 && name_is_inbox(buf_slice(&normal)))
		rc = err_set(err, ERR_PERM, "[CANNOT] INBOX stays");
	if (rc == 0)
		rc = boxes_sync(a, err);
	if (rc == 0)
		rc = tx_begin(a, TX_ROOM * 8, &tx, err);
	if (rc == -1)
		goto out;
	rc = find_named(&tx, buf_slice(&normal), &b, err);
	if (rc == 0)
		rc = delete (a, &tx, &b, grave, sizeof grave, err);
	if (rc == -1)
		tx_abort(&tx);
	else if ((rc = tx_commit(&tx, err)) == -1)
		(void)renameat(a->fd, grave, a->fd, b.dir);
	/* This one, and what a crash left of others. */
	if (rc == 0)
		boxes_bury(a->fd);
out:
	buf_fini(&normal);
	return rc;
}

/* Give B the name that puts TO in FROM's place. */
static int
rename_one(struct tx *tx, struct ix_box *b, struct slice from, struct slice to,
    struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct buf name, normal;
	struct ix_box was = *b;
	int rc;

	buf_init(&name, NAME_LIMIT);
	buf_init(&normal, NAME_LIMIT);
	buf_add(&name, to);
	buf_add(&name, slice_from(slice_str(b->name), from.n));
	rc = refuse(buf_slice(&name), &normal, dir, err);
	if (rc == 0 && renameat(tx->a->fd, b->dir, tx->a->fd, dir) == -1)
		rc = err_sys(err, ERR_TEMP, "rename %s", b->dir);
	if (rc == 0) {
		strlcpy(b->name, buf_cstr(&normal), sizeof b->name);
		strlcpy(b->dir, dir, sizeof b->dir);
		rc = ix_del_box(tx->t, &was, err);
	}
	if (rc == 0)
		rc = tx_log(tx, b, 0, LOG_BOX, err);
	if (rc == 0)
		rc = ix_put_box(tx->t, b, err);
	buf_fini(&name);
	buf_fini(&normal);
	return rc;
}

/* FROM and all below it; at least one. */
static int
rename_all(struct tx *tx, struct slice from, struct slice to, struct err *err)
{
	struct ix_box b;
	uint32_t next = 0;
	unsigned n = 0;
	enum found f;

	while ((f = ix_next_box(tx->t, next, &b, err)) == FOUND) {
		next = b.box + 1;
		if (!slice_is(from, b.name) &&
		    !name_below(slice_str(b.name), from))
			continue;
		if (rename_one(tx, &b, from, to, err) == -1)
			return -1;
		n++;
	}
	if (f == TEMPFAIL)
		return -1;
	return n > 0 ? 0
		     : err_set(err, ERR_PERM, "[NONEXISTENT] no such mailbox");
}

/* A mailbox called NAME, or one below it. */
static int
refuse_taken(struct tx *tx, struct slice name, struct err *err)
{
	struct ix_box b;
	uint32_t next = 0;
	enum found f;

	while ((f = ix_next_box(tx->t, next, &b, err)) == FOUND) {
		next = b.box + 1;
		if (slice_is(name, b.name) ||
		    name_below(slice_str(b.name), name))
			return err_set(err, ERR_PERM,
			    "[ALREADYEXISTS] the mailbox exists");
	}
	return f == TEMPFAIL ? -1 : 0;
}

static int
rename_boxes(
    struct account *a, struct slice from, struct slice to, struct err *err)
{
	struct mailbox *m;
	struct tx tx;
	int rc;

	if (name_below(to, from) || name_below(from, to))
		return err_set(err, ERR_PERM,
		    "[CANNOT] one of the two names lies below the other");
	if (tx_begin(a, TX_ROOM, &tx, err) == -1)
		return -1;
	rc = refuse_taken(&tx, to, err);
	if (rc == 0)
		rc = rename_all(&tx, from, to, err);
	if (rc == 0)
		rc = tx_commit(&tx, err);
	else
		tx_abort(&tx);
	/* What was renamed before a failure is found by its directory. */
	LIST_FOREACH(m, &a->boxes, link)
	box_dirs_close(&m->dirs);
	return rc;
}

int
mailbox_rename(
    struct account *a, struct slice from, struct slice to, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct buf nfrom, nto;
	int rc;

	buf_init(&nfrom, NAME_LIMIT);
	buf_init(&nto, NAME_LIMIT);
	rc = refuse(from, &nfrom, dir, err);
	if (rc == 0)
		rc = refuse(to, &nto, dir, err);
	if (rc == 0)
		rc = boxes_sync(a, err);
	if (rc == 0 && name_is_inbox(buf_slice(&nto)))
		rc = err_set(err, ERR_PERM, "[ALREADYEXISTS] INBOX exists");
	if (rc == 0 && name_is_inbox(buf_slice(&nfrom)))
		rc = mailbox_empty_inbox(a, buf_slice(&nto), err);
	else if (rc == 0)
		rc = rename_boxes(a, buf_slice(&nfrom), buf_slice(&nto), err);
	buf_fini(&nfrom);
	buf_fini(&nto);
	return rc;
}

int
mailbox_subscribe(
    struct account *a, struct slice name, bool on, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct slice one;
	struct buf normal;
	struct tx tx;
	int rc;

	buf_init(&normal, NAME_LIMIT);
	rc = refuse(name, &normal, dir, err);
	one = buf_slice(&normal);
	/* Only for our turn: the file is not in the index. */
	if (rc == 0)
		rc = tx_begin(a, 0, &tx, err);
	if (rc == 0) {
		rc = subscriptions_set(a->fd, &one, 1, on, err);
		tx_abort(&tx);
	}
	buf_fini(&normal);
	return rc;
}
