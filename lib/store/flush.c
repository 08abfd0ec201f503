/* SPDX-License-Identifier: ISC */
/*
 * File names catch up with the index: flags and keywords that changed, sizes
 * that were wrong, and deliveries in new/ that a session has seen, which move
 * to cur/.  A file is renamed before the record that says so is committed; a
 * crash in between looks like another program's rename to the same flags.
 */
#include <bsd/string.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/cache.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/store.h"
#include "store/tx.h"
#include "store/walk.h"
#include "sys/kv.h"

enum { FLUSH_BATCH = 500 };

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
	index_file_name(to, &msg, &hot, uid);
	if (renameat((hot.bits & HOT_NEW) != 0 ? m->dirs.newfd : m->dirs.curfd,
		msg.file, m->dirs.curfd, to) == -1)
		return errno == ENOENT
			   ? 1
			   : err_sys(err, ERR_TEMP, "rename %s", msg.file);
	strlcpy(msg.file, to, sizeof msg.file);
	hot.bits &= ~(uint32_t)(HOT_PENDING | HOT_NEW);
	if (ix_put_msg(tx->t, b->box, uid, &msg, err) == -1)
		return -1;
	return ix_put_hot(tx->t, b->box, uid, &hot, err);
}

static int
flush_uids(struct tx *tx, struct mailbox *m, struct ix_box *b,
    const uint32_t *uids, size_t n, struct err *err)
{
	bool looked = false;

	for (size_t i = 0; i < n; i++) {
		int rc = flush_one(tx, m, b, uids[i], err);

		if (rc == 1 && !looked) {
			looked = true;
			if (mailbox_scan(tx, m, b, NULL, err) == -1)
				return -1;
			rc = flush_one(tx, m, b, uids[i], err);
		}
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
flush_box(struct mailbox *m, bool *more, struct err *err)
{
	uint32_t uids[FLUSH_BATCH];
	struct tx_times times;
	struct ix_box b;
	struct tx tx;
	size_t n;
	int rc;

	if (mailbox_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	times = tx_times_begin(&m->dirs);
	n = collect(&tx, &b, uids, err);
	rc = flush_uids(&tx, m, &b, uids, n, err);
	tx_times_end(times, &m->dirs, &b);
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

/* The next mailbox with something to do. */
static enum found
next_due(struct account *a, uint32_t from, struct ix_box *b, struct err *err)
{
	struct kv_txn *t;
	enum found f;

	if (account_enter(a, err) == -1 || (t = kv_read(a->env, err)) == NULL)
		return TEMPFAIL;
	while ((f = ix_next_box(t, from, b, err)) == FOUND &&
	       b->pending_from == b->pending_to)
		from = b->box + 1;
	kv_abort(&t);
	return f;
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
		rc = f == FOUND ? flush_box(m, more, err) : -1;
		mailbox_close(&m);
	}
	return rc == 0 && f != TEMPFAIL ? 0 : -1;
}
