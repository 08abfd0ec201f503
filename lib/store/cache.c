/* SPDX-License-Identifier: ISC */
/*
 * What was made of messages.  Each transaction costs as much as parsing a
 * small message, so that what is made one after the other waits in memory and
 * goes into the index together; what is lost on the way is made again.
 */
#include "store/cache.h"

#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/slice.h"
#include "index/column.h"
#include "index/ix.h"
#include "index/tx.h"
#include "store/cachequeue.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/message.h"
#include "store/sync.h"
#include "store/visit.h"
#include "sys/kv.h"

enum {
	QUEUE_MAX = 256,
	QUEUE_BYTES = 512 << 10,
	RECORD_MAX = 16 << 20,
	VALUE_MAX = 1 << 20,
};

_Static_assert(COLUMN_EMAIL + 1 == COLUMNS, "a number for each column");

static int
put_record(struct tx *tx, struct ix_box *b, const struct cached *c,
    struct ix_hot *hot, struct err *err)
{
	struct ix_msg msg;
	const enum found f = ix_get_msg(tx->t, b->box, c->uid, &msg, err);

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	msg.sent_s = c->sent_s;
	if (tx_resize(tx, b, c->uid, &msg, msg.size, c->vsize, err) == -1)
		return -1;
	hot->bits |= HOT_SURE;
	if (ix_put_hot(tx->t, b->box, c->uid, hot, err) == -1)
		return -1;
	return ix_put_cache(
	    tx->t, b->box, c->uid, slice_of(c->bytes, c->n), err);
}

static int
put_one(
    struct tx *tx, struct ix_box *b, const struct cached *c, struct err *err)
{
	char key[IX_KEY];
	struct ix_hot hot;
	const enum found f = ix_get_hot(tx->t, b->box, c->uid, &hot, err);

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if (c->type == 'C')
		return put_record(tx, b, c, &hot, err);
	return kv_put(tx->t, ix_key(key, c->type, b->box, c->uid),
	    slice_of(c->bytes, c->n), err);
}

/* What waits for COLUMN, those of one value together. */
static int
put_column(struct tx *tx, const struct cache_queue *q, const struct ix_box *b,
    unsigned column, struct err *err)
{
	const struct cached *c;
	struct ix_hot hot;
	struct buf value;
	uint32_t last = 0;
	enum found f = FOUND;
	int rc = 0;

	buf_init(&value, VALUE_MAX);
	STAILQ_FOREACH(c, &q->list, link)
	{
		if (c->type != 'O' || c->column != column || f == TEMPFAIL)
			continue;
		/* In the order of UIDs, or as a value of its own. */
		if (value.n > 0 &&
		    (c->uid <= last || !column_same(c->uid, last))) {
			rc = column_put(tx->t, column, b->box, last,
			    buf_slice(&value), err);
			buf_reset(&value);
		}
		f = rc == 0 ? ix_get_hot(tx->t, b->box, c->uid, &hot, err)
			    : TEMPFAIL;
		if (f == FOUND) {
			column_add(&value, c->uid, slice_of(c->bytes, c->n));
			last = c->uid;
		}
	}
	if (f != TEMPFAIL && value.n > 0)
		rc = column_put(
		    tx->t, column, b->box, last, buf_slice(&value), err);
	buf_fini(&value);
	return f == TEMPFAIL ? -1 : rc;
}

int
cache_flush(struct mailbox *m, struct err *err)
{
	const struct cached *c;
	struct ix_box b;
	struct tx tx;
	int rc = 0;

	if (m->cache.n == 0)
		return 0;
	if (sync_begin(m, TX_ROOM + 2 * m->cache.bytes, &tx, &b, err) == -1) {
		/* Not kept for later: M may be closed now, and forgotten when
		 * its account is opened anew. */
		cachequeue_drop(&m->cache);
		return -1;
	}
	STAILQ_FOREACH(c, &m->cache.list, link)
	{
		if (rc == 0 && c->type != 'O')
			rc = put_one(&tx, &b, c, err);
	}
	for (unsigned column = 0; rc == 0 && column < COLUMNS; column++)
		rc = put_column(&tx, &m->cache, &b, column, err);
	if (rc == 0)
		rc = ix_put_box(tx.t, &b, err);
	if (rc == 0)
		rc = tx_commit(&tx, err);
	else
		tx_abort(&tx);
	cachequeue_drop(&m->cache);
	return rc;
}

static int
flush_full(struct mailbox *m, struct err *err)
{
	if (m->cache.n < QUEUE_MAX && m->cache.bytes < QUEUE_BYTES)
		return 0;
	return cache_flush(m, err);
}

int
message_cache(struct mailbox *m, uint32_t uid, struct slice bytes,
    int64_t vsize, int64_t sent_s, struct err *err)
{
	struct cached *c;

	if (bytes.n > RECORD_MAX)
		return 0;
	c = cachequeue_add(&m->cache, 'C', uid, bytes);
	c->vsize = vsize;
	c->sent_s = sent_s;
	return flush_full(m, err);
}

int
message_keep_column(struct mailbox *m, uint32_t uid, enum message_column column,
    struct slice bytes, struct err *err)
{
	if (bytes.n > MESSAGE_COLUMN_MAX)
		return 0;
	cachequeue_add(&m->cache, 'O', uid, bytes)->column = column;
	return flush_full(m, err);
}

int
message_keep_preview(
    struct mailbox *m, uint32_t uid, struct slice text, struct err *err)
{
	if (text.n > MESSAGE_PREVIEW_MAX)
		return 0;
	(void)cachequeue_add(&m->cache, 'P', uid, text);
	return flush_full(m, err);
}

static enum found
find_kept(struct mailbox *m, char type, uint32_t uid, struct buf *out,
    struct err *err)
{
	const struct cached *c = cachequeue_find(&m->cache, type, uid);
	char key[IX_KEY];
	struct kv_txn *t;
	struct slice v;
	enum found f;

	if (c != NULL) {
		buf_add(out, slice_of(c->bytes, c->n));
		return FOUND;
	}
	if (handle_enter_mailbox(m, err) == -1 ||
	    (t = kv_read(m->a->ix.env, err)) == NULL)
		return TEMPFAIL;
	f = kv_get(t, ix_key(key, type, m->box, uid), &v, err);
	if (f == FOUND)
		buf_add(out, v);
	kv_abort(&t);
	if (f == FOUND && out->failed) {
		err_set(err, ERR_TEMP, "what is kept is too large");
		return TEMPFAIL;
	}
	return f;
}

enum found
message_cached(
    struct mailbox *m, uint32_t uid, struct buf *out, struct err *err)
{
	return find_kept(m, 'C', uid, out, err);
}

enum found
message_preview(
    struct mailbox *m, uint32_t uid, struct buf *out, struct err *err)
{
	return find_kept(m, 'P', uid, out, err);
}
