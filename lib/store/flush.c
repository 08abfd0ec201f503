/* SPDX-License-Identifier: ISC */
/*
 * File names catch up with the index: flags and keywords that changed, sizes
 * that were wrong, and deliveries in new/ that a session has seen, which move
 * to cur/.  A file is renamed before the record that says so is committed; a
 * crash in between looks like another program's rename to the same flags.
 */
#include "store/flush.h"

#include <bsd/string.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/walk.h"
#include "maildir/keywords.h"
#include "maildir/kwlog.h"
#include "maildir/maildir.h"
#include "maildir/uidfile.h"
#include "store/account.h"
#include "store/cache.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/purge.h"
#include "store/sync.h"
#include "sys/kv.h"

enum { FLUSH_BATCH = 150, FLUSH_MAILBOX = 20 /* batches */ };

static bool
is_due(const struct ix_box *b, uint32_t uid, const struct ix_hot *hot)
{
	return (hot->bits & HOT_PENDING) != 0 ||
	       ((hot->bits & HOT_NEW) != 0 && uid < b->first_recent);
}

/* The UIDs to do; B's range shrinks to those behind them. */
static size_t
collect(struct tx *tx, struct ix_box *b, uint32_t uids[FLUSH_BATCH],
    struct err *err)
{
	struct walk w;
	size_t n = 0;
	enum found f = ABSENT;

	if (walk_open(&w, tx->t, b->box, b->pending_from, false, err) == -1)
		return 0;
	while (n < FLUSH_BATCH && (f = walk_next(&w, err)) == FOUND &&
	       w.uid < b->pending_to)
		if (is_due(b, w.uid, &w.hot))
			uids[n++] = w.uid;
	walk_close(&w);
	if (n == FLUSH_BATCH)
		b->pending_from = uids[n - 1] + 1;
	else if (f != TEMPFAIL)
		b->pending_from = b->pending_to = 0;
	return n;
}

/* 1: the file is not where we know it. */
static int
flush_one(struct tx *tx, struct mailbox *m, struct ix_box *b, uint32_t uid,
    struct err *err)
{
	char to[IX_FILE_NAME];
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f = ix_get_hot(tx->t, b->box, uid, &hot, err);

	if (f == FOUND)
		f = ix_get_msg(tx->t, b->box, uid, &msg, err);
	if (f != FOUND || !is_due(b, uid, &hot))
		return f == TEMPFAIL ? -1 : 0;
	ix_file_name(to, &msg, &hot, uid);
	f = maildir_move(
	    &m->dirs, ix_part(&hot), msg.file, &m->dirs, MAILDIR_CUR, to, err);
	if (f != FOUND)
		return f == ABSENT ? 1 : -1;
	strlcpy(msg.file, to, sizeof msg.file);
	hot.bits &= ~(uint32_t)(HOT_PENDING | HOT_NEW | HOT_LINE);
	if (ix_put_msg(tx->t, b->box, uid, &msg, err) == -1)
		return -1;
	return ix_put_hot(tx->t, b->box, uid, &hot, err);
}

static int
add_line(struct tx *tx, const struct mailbox *m, const struct ix_box *b,
    uint32_t uid, struct buf *lines, bool *more, struct err *err)
{
	char file[IX_FILE_NAME];
	struct keyword_set set;
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f = ix_get_hot(tx->t, b->box, uid, &hot, err);

	if (f != FOUND || (hot.bits & HOT_LINE) == 0)
		return f == TEMPFAIL ? -1 : 0;
	if (ix_get_msg(tx->t, b->box, uid, &msg, err) != FOUND ||
	    ix_get_keywords(tx->t, b->box, uid, &hot, &set, err) != FOUND)
		return -1;
	ix_file_name(file, &msg, &hot, uid);
	kwlog_line(lines, file, m->keywords, &set);
	*more = *more || keyword_set_more(&set);
	return 0;
}

/* What is new in pabal-keywords, before the names that go with it.  Nothing
 * need be said of messages without such keywords where there is no file. */
static int
flush_lines(struct tx *tx, const struct mailbox *m, const struct ix_box *b,
    const uint32_t *uids, size_t n, struct err *err)
{
	struct kwlog log = { .fd = -1 };
	struct buf lines;
	bool more = false;
	int rc = 0;

	buf_init(&lines, FLUSH_BATCH * (KEYWORD_TEXT_MAX + IX_FILE_NAME * 3));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_line(tx, m, b, uids[i], &lines, &more, err);
	if (rc == 0 && lines.n > 0 && (more || kwlog_size(m->dirs.fd) > 0))
		rc = kwlog_add(&log, m->dirs.fd, buf_slice(&lines), err);
	kwlog_close(&log);
	buf_fini(&lines);
	return rc;
}

static int
flush_uids(struct tx *tx, struct mailbox *m, struct ix_box *b,
    const uint32_t *uids, size_t n, struct err *err)
{
	bool looked = false;

	if (flush_lines(tx, m, b, uids, n, err) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int rc = flush_one(tx, m, b, uids[i], err);

		if (rc == 1 && !looked) {
			looked = true;
			if (sync_scan(tx, m, b, err) == -1)
				return -1;
			rc = flush_one(tx, m, b, uids[i], err);
		}
		if (rc == -1)
			return -1;
	}
	return 0;
}

/* All names say their UIDs. */
static int
end_uids(struct ix_box *b, const struct maildir *d, struct err *err)
{
	if ((b->bits & BOX_UIDS) == 0 || (b->bits & BOX_MORE) != 0 ||
	    b->pending_from != b->pending_to)
		return 0;
	b->bits &= ~(uint32_t)BOX_UIDS;
	return uidfile_remove(d->fd, err);
}

static int
flush_box(struct mailbox *m, bool *more, struct err *err)
{
	uint32_t uids[FLUSH_BATCH];
	struct maildir_times times;
	struct ix_box b;
	struct tx tx;
	size_t n;
	int rc;

	if (sync_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	times = maildir_times(&m->dirs);
	n = collect(&tx, &b, uids, err);
	rc = flush_uids(&tx, m, &b, uids, n, err);
	tx_times_end(times, &m->dirs, &b);
	if (rc == 0)
		rc = kwtable_compact(&tx, &b, &m->dirs, m->keywords, err);
	if (rc == 0)
		rc = end_uids(&b, &m->dirs, err);
	if (rc == -1 && n > 0) {
		tx_pend(&tx, &b, uids[0]);
		tx_pend(&tx, &b, uids[n - 1]);
	}
	*more = *more || b.pending_from != b.pending_to;
	/* Renames stay, so what was done is written down even on failure. */
	if (ix_put_box(tx.t, &b, rc == 0 ? err : NULL) == -1) {
		tx_abort(&tx);
		return -1;
	}
	return tx_commit(&tx, rc == 0 ? err : NULL) == 0 ? rc : -1;
}

void
flush_mailbox(struct mailbox *m)
{
	bool more = true;

	for (int i = 0; i < FLUSH_MAILBOX && more; i++) {
		more = false;
		if (flush_box(m, &more, NULL) == -1)
			return;
	}
}

/* The next mailbox with something to do. */
static enum found
next_due(struct account *a, uint32_t from, struct ix_box *b, struct err *err)
{
	struct kv_txn *t;
	enum found f;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return TEMPFAIL;
	while ((f = ix_next_box(t, from, b, err)) == FOUND &&
	       b->pending_from == b->pending_to && (b->bits & BOX_MORE) == 0)
		from = b->box + 1;
	kv_abort(&t);
	return f;
}

bool
flush_is_due(struct account *a)
{
	struct ix_box b;

	return next_due(a, 0, &b, NULL) == FOUND || purge_due(a);
}

int
account_flush(struct account *a, bool *more, struct err *err)
{
	struct mailbox *m;
	struct ix_box b;
	uint32_t from = 0;
	enum found f = ABSENT;
	int rc = 0;

	*more = false;
	LIST_FOREACH(m, &a->boxes, link)
	(void)cache_flush(m, NULL);
	while (rc == 0 && !*more && (f = next_due(a, from, &b, err)) == FOUND) {
		from = b.box + 1;
		f = mailbox_open(a, slice_str(b.name), &m, err);
		if (f == ABSENT)
			continue;
		rc = f == FOUND ? 0 : -1;
		if (rc == 0 && (b.bits & BOX_MORE) != 0)
			rc = mailbox_sync_some(m, false, more, err);
		if (rc == 0 && !*more)
			rc = flush_box(m, more, err);
		mailbox_close(&m);
	}
	if (rc == -1 || f == TEMPFAIL)
		return -1;
	if (*more)
		return 0;
	handle_drop_scans(a);
	return purge_some(a, more, err);
}
