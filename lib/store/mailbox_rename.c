/* SPDX-License-Identifier: ISC */
/* RENAME of mailboxes; INBOX's messages move into a new one. */
#include <bsd/string.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/mailboxes.h"
#include "maildir/name.h"
#include "store/boxes.h"
#include "store/copy.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/mailbox_make.h"
#include "store/message.h"
#include "sys/fd.h"

/* Directories that have their new names, to be given the old ones again. */
struct moves {
	struct move {
		char from[NAME_DIR_LIMIT + 1];
		char to[NAME_DIR_LIMIT + 1];
	} * v;
	size_t n;
};

static int
move_dir(struct account *a, struct moves *m, const char *from, const char *to,
    struct err *err)
{
	const enum found f = maildir_rename(a->ix.fd, from, to, err);

	if (f == ABSENT)
		err_set(err, ERR_TEMP, "rename %s: it is gone", from);
	if (f != FOUND)
		return -1;
	m->v = xreallocarray(m->v, m->n + 1, sizeof *m->v);
	strlcpy(m->v[m->n].from, from, sizeof m->v->from);
	strlcpy(m->v[m->n].to, to, sizeof m->v->to);
	m->n++;
	return 0;
}

/* One that cannot be moved back is found by its id (boxes_sync). */
static void
move_back(struct account *a, struct moves *m)
{
	while (m->n > 0) {
		const struct move *one = &m->v[--m->n];

		(void)maildir_rename(a->ix.fd, one->to, one->from, NULL);
	}
}

/* Give B the name that puts TO in FROM's place. */
static int
rename_one(struct tx *tx, struct moves *m, struct ix_box *b, struct slice from,
    struct slice to, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct buf name, normal;
	struct ix_box was = *b;
	int rc;

	buf_init(&name, NAME_LIMIT);
	buf_init(&normal, NAME_LIMIT);
	buf_add(&name, to);
	buf_add(&name, slice_from(slice_str(b->name), from.n));
	rc = mailbox_make_name(buf_slice(&name), &normal, dir, err);
	if (rc == 0)
		rc = move_dir(ACCOUNT_OF(tx->ix), m, b->dir, dir, err);
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
rename_all(struct tx *tx, struct moves *m, struct slice from, struct slice to,
    struct err *err)
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
		if (rename_one(tx, m, &b, from, to, err) == -1)
			return -1;
		n++;
	}
	if (f == TEMPFAIL)
		return -1;
	return n > 0 ? 0
		     : err_set_code(
			   err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
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
			return err_set_code(err, ERR_PERM, ERR_EXISTS,
			    "mailbox already exists");
	}
	return f == TEMPFAIL ? -1 : 0;
}

static int
rename_boxes(
    struct account *a, struct slice from, struct slice to, struct err *err)
{
	const enum found was = mailbox_make_is_shown(a, from, err);
	struct moves moves = { 0 };
	struct mailbox *m;
	int64_t before_ns;
	struct tx tx;
	int rc;

	if (was == TEMPFAIL)
		return -1;
	if (name_below(to, from) || name_below(from, to))
		return err_set_code(err, ERR_PERM, ERR_CANNOT,
		    "a mailbox cannot be renamed above or below itself");
	if (handle_begin(a, TX_ROOM, &tx, err) == -1)
		return -1;
	before_ns = maildir_names_time(a->ix.fd);
	rc = refuse_taken(&tx, to, err);
	if (rc == 0)
		rc = mailbox_make_show(&tx, from, false, err);
	if (rc == 0)
		rc = rename_all(&tx, &moves, from, to, err);
	if (rc == 0)
		rc = fd_sync(a->ix.fd, err);
	/* All of them or none, and back before others see the directories. */
	if (rc == -1)
		move_back(a, &moves);
	tx_names_end(&tx, before_ns);
	if (rc == -1)
		tx_abort(&tx);
	else if ((rc = tx_commit(&tx, err)) == -1)
		move_back(a, &moves);
	if (rc == -1 && was == FOUND)
		mailbox_make_show_again(a, from);
	xfree(&moves.v);
	LIST_FOREACH(m, &a->boxes, link)
	handle_close_dirs(m);
	return rc;
}

/* ---- in steps ---- */

enum { READ_BATCH = 50 };

struct renaming {
	struct account *a;
	struct buf from; /* in their one spelling */
	struct buf to;
	struct mailbox *inbox; /* RENAME of INBOX: its messages go ... */
	struct mailbox *into;  /* ... here */
	uint32_t *uids;
	size_t n;
	bool listed;        /* UIDS are all */
	struct err refused; /* a name cannot be one */
	struct copying *copying;
	void (*done)(void *arg, int rc, const struct err *err);
	void *arg;
};

static void
finish(struct renaming *r, int rc, const struct err *err)
{
	mailbox_close(&r->inbox);
	mailbox_close(&r->into);
	r->done(r->arg, rc, err);
	buf_fini(&r->from);
	buf_fini(&r->to);
	xfree(&r->uids);
	free(r);
}

/* Is the new mailbox the one with that name still, and empty?  Somebody may
 * have given it another, and the name to another, since it was made. */
static bool
may_go(struct renaming *r)
{
	struct mailbox *named = NULL;
	struct mailbox_status st;
	const bool same =
	    mailbox_open(r->a, buf_slice(&r->to), &named, NULL) == FOUND &&
	    named == r->into;

	mailbox_close(&named);
	return same && mailbox_sync(r->into, true, NULL) == 0 &&
	       mailbox_status(r->into, &st, NULL) == 0 && st.messages == 0;
}

/* The new mailbox goes again, but for what could not be moved back. */
static void
undo(struct renaming *r)
{
	const bool empty = r->into != NULL && may_go(r);

	mailbox_close(&r->into);
	if (empty)
		(void)mailbox_delete(r->a, buf_slice(&r->to), NULL);
}

static void
on_moved(void *arg, const struct copy_result *result)
{
	struct renaming *r = arg;

	if (result->rc == -1)
		undo(r);
	finish(r, result->rc, &result->err);
}

/* The next messages of INBOX. */
static int
list_some(struct renaming *r, struct err *err)
{
	const uint32_t first = r->n > 0 ? r->uids[r->n - 1] + 1 : 1;
	struct message_info infos[READ_BATCH];
	size_t got;

	if (message_read(r->inbox, first, infos, READ_BATCH, &got, err) == -1)
		return -1;
	r->uids = xreallocarray(r->uids, r->n + READ_BATCH, sizeof *r->uids);
	for (size_t i = 0; i < got; i++)
		r->uids[r->n++] = infos[i].uid;
	r->listed = got < READ_BATCH;
	return 0;
}

static int
begin_inbox(struct renaming *r, struct err *err)
{
	if (mailbox_create(r->a, buf_slice(&r->to), 0, err) == -1)
		return -1;
	return mailbox_open(r->a, SLICE("INBOX"), &r->inbox, err) == FOUND &&
		       mailbox_open(r->a, buf_slice(&r->to), &r->into, err) ==
			   FOUND
		   ? 0
		   : -1;
}

static int
empty_inbox(struct renaming *r, struct err *err)
{
	if (!r->listed)
		return list_some(r, err);
	r->copying = message_copy_new(
	    r->inbox, r->uids, r->n, r->into, true, on_moved, r);
	return 0;
}

/* Everything about the names that can be refused. */
static int
check_names(struct renaming *r, struct err *err)
{
	struct account *a = r->a;
	const struct slice to = buf_slice(&r->to);

	if (boxes_sync(a, err) == -1)
		return -1;
	if (name_is_inbox(to))
		return err_set_code(
		    err, ERR_PERM, ERR_EXISTS, "INBOX already exists");
	if (mailbox_make_refuse_shown(a, to, err) == -1)
		return -1;
	return mailbox_make_shown(a, buf_slice(&r->from), err) == TEMPFAIL ? -1
									   : 0;
}

/* 1: there is another step. */
static int
step(struct renaming *r, struct err *err)
{
	if (r->inbox != NULL)
		return empty_inbox(r, err) == 0 ? 1 : -1;
	if (check_names(r, err) == -1)
		return -1;
	if (name_is_inbox(buf_slice(&r->from)))
		return begin_inbox(r, err) == 0 ? 1 : -1;
	return rename_boxes(r->a, buf_slice(&r->from), buf_slice(&r->to), err);
}

bool
mailbox_rename_step(struct renaming *r)
{
	struct err err = { 0 };
	int rc;

	if (r->copying != NULL)
		return message_copy_step(r->copying);
	rc = r->refused.class == ERR_NONE ? step(r, &err) : -1;
	if (rc == 1)
		return true;
	if (r->inbox != NULL)
		undo(r);
	finish(r, rc, r->refused.class == ERR_NONE ? &err : &r->refused);
	return false;
}

struct renaming *
mailbox_rename_new(struct account *a, struct slice from, struct slice to,
    void (*done)(void *arg, int rc, const struct err *err), void *arg)
{
	struct renaming *r = xcalloc(1, sizeof *r);
	char dir[NAME_DIR_LIMIT + 1];

	r->a = a;
	r->done = done;
	r->arg = arg;
	buf_init(&r->from, NAME_LIMIT);
	buf_init(&r->to, NAME_LIMIT);
	if (mailbox_make_name(from, &r->from, dir, &r->refused) == 0)
		(void)mailbox_make_name(to, &r->to, dir, &r->refused);
	return r;
}
