/* SPDX-License-Identifier: ISC */
/*
 * What was made of messages.  Each transaction costs as much as parsing a
 * small message, so that what is made one after the other waits in memory and
 * goes into the index together; what is lost on the way is made again.
 */
#include "store/cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "store/index.h"
#include "store/message.h"
#include "store/tx.h"
#include "sys/kv.h"

enum { QUEUE_MAX = 64, QUEUE_BYTES = 512 << 10, RECORD_MAX = 16 << 20 };

struct cached {
	STAILQ_ENTRY(cached) link;
	uint32_t uid;
	int64_t vsize;
	int64_t sent_s;
	size_t n;
	char bytes[];
};

void
cache_drop(struct mailbox *m)
{
	struct cached *c;

	while ((c = STAILQ_FIRST(&m->cache.list)) != NULL) {
		STAILQ_REMOVE_HEAD(&m->cache.list, link);
		free(c);
	}
	m->cache.n = 0;
	m->cache.bytes = 0;
}

static int
put_one(
    struct tx *tx, struct ix_box *b, const struct cached *c, struct err *err)
{
	char key[IX_KEY];
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f = ix_get_hot(tx->t, b->box, c->uid, &hot, err);

	if (f == FOUND)
		f = ix_get_msg(tx->t, b->box, c->uid, &msg, err);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	msg.sent_s = c->sent_s;
	if (tx_resize(tx, b, c->uid, &msg, msg.size, c->vsize, err) == -1)
		return -1;
	hot.bits |= HOT_SURE;
	if (ix_put_hot(tx->t, b->box, c->uid, &hot, err) == -1)
		return -1;
	return kv_put(tx->t, ix_key(key, 'C', b->box, c->uid),
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
	if (mailbox_begin(m, TX_ROOM + 2 * m->cache.bytes, &tx, &b, err) == -1)
		return -1;
	for (c = STAILQ_FIRST(&m->cache.list); c != NULL && rc == 0;
	     c = STAILQ_NEXT(c, link))
		rc = put_one(&tx, &b, c, err);
	if (rc == 0)
		rc = ix_put_box(tx.t, &b, err);
	if (rc == 0)
		rc = tx_commit(&tx, err);
	else
		tx_abort(&tx);
	cache_drop(m);
	return rc;
}

int
message_cache(struct mailbox *m, uint32_t uid, struct slice bytes,
    int64_t vsize, int64_t sent_s, struct err *err)
{
	struct cached *c;

	if (bytes.n > RECORD_MAX)
		return 0;
	c = xmalloc(sizeof *c + bytes.n);
	*c = (struct cached){
		.uid = uid, .vsize = vsize, .sent_s = sent_s, .n = bytes.n
	};
	if (bytes.n > 0)
		memcpy(c->bytes, bytes.p, bytes.n);
	STAILQ_INSERT_TAIL(&m->cache.list, c, link);
	m->cache.n++;
	m->cache.bytes += bytes.n;
	if (m->cache.n < QUEUE_MAX && m->cache.bytes < QUEUE_BYTES)
		return 0;
	return cache_flush(m, err);
}

static const struct cached *
find_queued(const struct mailbox *m, uint32_t uid)
{
	const struct cached *c;

	for (c = STAILQ_FIRST(&m->cache.list); c != NULL;
	     c = STAILQ_NEXT(c, link))
		if (c->uid == uid)
			return c;
	return NULL;
}

enum found
message_cached(
    struct mailbox *m, uint32_t uid, struct buf *out, struct err *err)
{
	const struct cached *c = find_queued(m, uid);
	char key[IX_KEY];
	struct kv_txn *t;
	struct slice v;
	enum found f;

	if (c != NULL) {
		buf_add(out, slice_of(c->bytes, c->n));
		return FOUND;
	}
	if (mailbox_enter(m, err) == -1 ||
	    (t = kv_read(m->a->env, err)) == NULL)
		return TEMPFAIL;
	f = kv_get(t, ix_key(key, 'C', m->box, uid), &v, err);
	if (f == FOUND)
		buf_add(out, v);
	kv_abort(&t);
	if (f == FOUND && out->failed) {
		err_set(err, ERR_TEMP, "what is kept is too large");
		return TEMPFAIL;
	}
	return f;
}
