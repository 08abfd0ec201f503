/* SPDX-License-Identifier: ISC */
/*
 * What is brought back is renamed into the mailbox, in the transaction that
 * records it: killed before that is committed, it is a file without a record,
 * which the next look adopts with the same UID.
 */
#include "store/undelete.h"

#include <bsd/string.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_uid.h"
#include "maildir/filename.h"
#include "maildir/keptdir.h"
#include "maildir/keyword_set.h"
#include "maildir/kwlog.h"
#include "maildir/mailboxes.h"
#include "maildir/maildir.h"
#include "store/inner.h"
#include "store/keepsum.h"
#include "store/keptlist.h"
#include "store/keptnames.h"
#include "store/moved.h"
#include "store/quota.h"
#include "store/sync.h"
#include "sys/clock.h"
#include "sys/fd.h"

/* Longest base to which all fields can be added. */
enum { BATCH = 100, BASE_LIMIT = 130 };

/* What a transaction has done. */
struct undelete_step {
	const struct kept_message *k;
	struct maildir from;
	char made[IX_FILE_NAME];
};

struct bringing {
	struct tx tx;
	struct mailbox *to;
	struct ix_box b;
	struct kwlog log;
	struct keptnames *names;
	struct buf moved; /* lines about those of ... */
	const struct kept_mailbox *moved_from;
	struct undelete_step steps[BATCH];
	size_t nsteps;
	size_t gone;
};

static enum found
open_dir(struct bringing *g, const struct kept_message *k, struct maildir *d,
    struct err *err)
{
	const struct undelete_step *last =
	    g->nsteps > 0 ? &g->steps[g->nsteps - 1] : NULL;

	/* Those before are mostly of the same directory. */
	if (last == NULL || !keptnames_same(last->k, k))
		return keptdir_find(d, g->to->a->ix.fd, k->path, k->npath, err);
	*d = MAILDIR_CLOSED;
	d->curfd = fd_dup(last->from.curfd);
	return d->curfd != -1 ? FOUND : TEMPFAIL;
}

static int
measure(const struct maildir *d, const struct kept_message *k,
    const struct filename *f, struct ix_msg *msg, struct ix_hot *hot,
    struct err *err)
{
	struct maildir_stat st;
	int fd;

	if (maildir_find(d, MAILDIR_CUR, k->file, &st) != FOUND)
		return 1;
	msg->size = st.size;
	msg->date_s = f->own_date ? f->date_s : st.time_s;
	msg->saved_s = clock_wall_s();
	msg->email_id = f->email_id;
	msg->vsize = f->vsize;
	if (f->size == st.size && f->vsize >= st.size &&
	    f->vsize <= 2 * st.size)
		return 0;
	if (maildir_read(d, MAILDIR_CUR, k->file, &fd, err) != FOUND)
		return 1;
	hot->bits |= HOT_SURE;
	msg->vsize = maildir_wire_size(fd, err);
	fd_close(&fd);
	return msg->vsize == -1 ? -1 : 0;
}

static void
name_it(struct filename *f, const struct ix_msg *msg, const struct ix_hot *hot,
    const struct keyword_set *set, uint32_t uid, char *made)
{
	struct buf name;

	f->size = msg->size;
	f->vsize = msg->vsize;
	f->uid = uid;
	f->info = true;
	f->flags = hot->bits & MSG_FLAGS;
	f->letters = keyword_set_letters(set);
	buf_init(&name, IX_FILE_NAME - 1);
	filename_format(&name, f);
	strlcpy(made, buf_cstr(&name), IX_FILE_NAME);
	buf_fini(&name);
}

/* What is known to be there is not missing in the folder that it is from. */
static void
write_moves(struct bringing *g)
{
	struct ix_box from = { .box = 0 };

	if (g->moved_from == NULL)
		return;
	strlcpy(from.id, g->moved_from->id, sizeof from.id);
	(void)slice_copy(g->moved_from->name, from.name, sizeof from.name);
	moved_note(g->to->a, &from, &g->moved);
	g->moved_from = NULL;
}

static void
note_move(struct bringing *g, const struct kept_message *k,
    const struct ix_msg *msg, uint32_t uid)
{
	if (g->moved_from != k->mailbox)
		write_moves(g);
	g->moved_from = k->mailbox;
	moved_add(
	    &g->moved, k->uid, k->expunged_s, k->saved_s, msg, &g->b, uid);
}

/* 1: it is not there. */
static int
bring_one(struct bringing *g, struct undelete_step *s, struct err *err)
{
	struct filename f;
	struct keyword_set set;
	struct ix_msg msg = { 0 };
	struct ix_hot hot;
	enum found found;
	uint32_t uid;
	int rc;

	filename_parse(slice_str(s->k->file), &f);
	if (f.base.n > BASE_LIMIT) {
		f.base = slice_sub(f.base, 0, BASE_LIMIT);
		f.own_id = true;
	}
	hot = (struct ix_hot){ .bits = f.flags & ~(unsigned)MSG_DELETED };
	rc = measure(&s->from, s->k, &f, &msg, &hot, err);
	if (rc != 0)
		return rc;
	if (quota_take(&g->tx, NULL, &g->b, (uint64_t)msg.vsize, err) == -1 ||
	    keptnames_resolve(g->names, &g->tx, &g->b, s->k, &f, &set, err) ==
		-1 ||
	    tx_uid(&g->tx, &g->b, g->to->dirs.fd, &uid, err) == -1)
		return -1;
	name_it(&f, &msg, &hot, &set, uid, s->made);
	strlcpy(msg.file, s->made, sizeof msg.file);
	if (kwlog_add_one(&g->log, g->to->dirs.fd, s->made, g->to->keywords,
		&set, err) == -1)
		return -1;
	found = maildir_move(&s->from, MAILDIR_CUR, s->k->file, &g->to->dirs,
	    MAILDIR_CUR, s->made, err);
	if (found != FOUND)
		return found == ABSENT ? 1 : -1;
	g->nsteps++;
	note_move(g, s->k, &msg, uid);
	if (tx_add(&g->tx, &g->b, uid, &hot, &msg, &set, err) == -1)
		return -1;
	return keepsum_took(g->tx.t, keptdir_parse_day(s->k->path[0]),
	    (uint64_t)msg.size, 1, err);
}

static int
bring(struct bringing *g, const struct kept_message *k, struct err *err)
{
	struct undelete_step *s = &g->steps[g->nsteps];
	const size_t before = g->nsteps;
	const enum found f = open_dir(g, k, &s->from, err);
	int rc = f == FOUND ? 0 : f == ABSENT ? 1 : -1;

	s->k = k;
	if (rc == 0)
		rc = bring_one(g, s, err);
	if (g->nsteps == before)
		maildir_close(&s->from);
	g->gone += rc == 1;
	return rc == 1 ? 0 : rc;
}

static void
undo(struct bringing *g)
{
	for (size_t i = 0; i < g->nsteps; i++)
		(void)maildir_move(&g->to->dirs, MAILDIR_CUR, g->steps[i].made,
		    &g->steps[i].from, MAILDIR_CUR, g->steps[i].k->file, NULL);
	kwlog_undo(&g->log);
	keptnames_undo(g->names);
}

/* The file before its directory, as with any other message. */
static int
sync_all(struct bringing *g, struct err *err)
{
	if (g->log.fd != -1 && (fd_sync(g->log.fd, err) == -1 ||
				   fd_sync(g->to->dirs.fd, err) == -1))
		return -1;
	return maildir_sync(&g->to->dirs, MAILDIR_CUR, err);
}

/* At most BATCH of them, all that are there or none. */
static int
bring_batch(struct bringing *g, const struct kept_message *const *v, size_t n,
    struct err *err)
{
	int64_t before_ns;
	int rc;

	if (sync_begin(
		g->to, TX_ROOM + n * 4 * TX_ROOM_MSG, &g->tx, &g->b, err) == -1)
		return -1;
	before_ns = maildir_time(&g->to->dirs, MAILDIR_CUR);
	rc = quota_begin(&g->tx, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = bring(g, v[i], err);
	write_moves(g);
	tx_time_end(before_ns, MAILDIR_CUR, &g->to->dirs, &g->b);
	if (rc == 0)
		rc = ix_put_box(g->tx.t, &g->b, err);
	if (rc == 0)
		rc = tx_commit(&g->tx, err);
	else
		tx_abort(&g->tx);
	if (rc == -1)
		undo(g);
	else
		rc = sync_all(g, err);
	for (size_t i = 0; i < g->nsteps; i++)
		maildir_close(&g->steps[i].from);
	kwlog_close(&g->log);
	return rc;
}

int
undelete_messages(struct mailbox *to, const struct kept_message *const *v,
    size_t n, struct undelete_result *r, struct err *err)
{
	struct bringing *g = xcalloc(1, sizeof *g);
	int rc = 0;

	*r = (struct undelete_result){ 0 };
	g->names = keptnames_new(to);
	buf_init(&g->moved, BATCH * 256);
	for (size_t i = 0; i < n && rc == 0; i += BATCH) {
		g->to = to;
		g->log.fd = -1;
		g->nsteps = g->gone = 0;
		rc = bring_batch(g, v + i, n - i < BATCH ? n - i : BATCH, err);
		if (rc == 0) {
			r->restored += g->nsteps;
			r->gone += g->gone;
		}
	}
	keptnames_free(&g->names);
	buf_fini(&g->moved);
	xfree(&g);
	return rc;
}
