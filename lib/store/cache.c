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
#include "index/ix.h"
#include "index/tx.h"
#include "store/cachequeue.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/message.h"
#include "store/sync.h"
#include "sys/kv.h"

enum { QUEUE_MAX = 256, QUEUE_BYTES = 512 << 10, RECORD_MAX = 16 << 20 };

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
	for (c = STAILQ_FIRST(&m->cache.list); c != NULL && rc == 0;
	     c = STAILQ_NEXT(c, link))
		rc = put_one(&tx, &b, c, err);
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
	if (bytes.n > RECORD_MAX)
		return 0;
	cachequeue_add(&m->cache, 'C', uid, bytes, vsize, sent_s);
	return flush_full(m, err);
}

int
message_keep_preview(
    struct mailbox *m, uint32_t uid, struct slice text, struct err *err)
{
	if (text.n > MESSAGE_PREVIEW_MAX)
		return 0;
	cachequeue_add(&m->cache, 'P', uid, text, 0, 0);
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
