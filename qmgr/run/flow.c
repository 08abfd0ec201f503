/* SPDX-License-Identifier: ISC */
#include "qmgr/run/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "queue/priority.h"

enum {
	LOOK = 8,       /* batches looked at for one that is whole */
	MERGE_LOOK = 8, /* and for one of the same message */
	HOLD_MS = 100,  /* longest wait for a message's other recipients */
	KEY_MAX = 1024,
};

struct flow {
	TAILQ_ENTRY(flow) link;
	TAILQ_HEAD(batches, batch) batches;
	struct heap_node longest;
	int64_t n;
	enum flow_rank rank;
	size_t key_n;
	char key[];
};

enum flow_rank
flow_rank_of(const struct message *m)
{
	if (m->env.mt_priority > 0)
		return FLOW_URGENT;
	return m->env.mt_priority < 0 ||
		       slice_is(m->env.priority, PRIORITY_BULK) ||
		       m->nrcpts >= qmgr_conf->bulk_recipients
		   ? FLOW_BULK
		   : FLOW_MAIL;
}

void
flow_init(struct flows *fs)
{
	*fs = (struct flows){ 0 };
	map_init(&fs->by_key);
	for (size_t i = 0; i < ARRAY_LEN(fs->class); i++) {
		TAILQ_INIT(&fs->class[i].turns);
		heap_init(&fs->class[i].longest);
	}
}

void
flow_fini(struct flows *fs)
{
	must(fs->nbatches == 0);
	map_fini(&fs->by_key);
	for (size_t i = 0; i < ARRAY_LEN(fs->class); i++)
		heap_fini(&fs->class[i].longest);
}

/* ---- flows ---- */

static struct flow *
flow_new(struct flows *fs, enum flow_rank rank, struct slice key)
{
	struct flow *f = xcalloc(1, sizeof *f + key.n);

	TAILQ_INIT(&f->batches);
	f->rank = rank;
	memcpy(f->key, key.p, key.n);
	f->key_n = key.n;
	map_put(&fs->by_key, key, f);
	TAILQ_INSERT_TAIL(&fs->class[rank].turns, f, link);
	return f;
}

/* The login, which its owner cannot choose; else the sender. */
static struct flow *
flow_of(struct flows *fs, const struct message *m)
{
	static struct buf key = { .max = KEY_MAX };
	const enum flow_rank rank = flow_rank_of(m);
	const struct slice who =
	    m->env.login.n > 0 ? m->env.login : m->env.sender;
	struct flow *f;

	buf_reset(&key);
	buf_addc(&key, "umb"[rank]);
	buf_addc(&key, m->env.login.n > 0 ? 'l' : 's');
	buf_add(&key, slice_sub(who, 0, KEY_MAX - 2));
	f = map_find(&fs->by_key, buf_slice(&key));
	return f != NULL ? f : flow_new(fs, rank, buf_slice(&key));
}

static void
flow_count(struct flows *fs, struct flow *f, int by)
{
	struct heap *longest = &fs->class[f->rank].longest;

	f->n += by;
	if (by > 0)
		fs->nbatches++;
	else
		fs->nbatches--;
	if (f->n > 0) {
		heap_put(longest, &f->longest, -f->n);
		return;
	}
	heap_del(longest, &f->longest);
	map_del(&fs->by_key, slice_of(f->key, f->key_n));
	TAILQ_REMOVE(&fs->class[f->rank].turns, f, link);
	free(f);
}

/* ---- batches ---- */

/* One delivery goes to one next hop. */
static struct batch *
batch_of(struct flows *fs, const struct rcpt *r)
{
	struct flow *f = flow_of(fs, r->message);
	struct batch *b;
	unsigned looked = 0;

	TAILQ_FOREACH_REVERSE(b, &f->batches, batches, link)
	{
		if (b->message == r->message &&
		    slice_eq(b->first->nexthop, r->nexthop))
			return b;
		if (++looked == MERGE_LOOK)
			break;
	}
	b = xcalloc(1, sizeof *b);
	b->flow = f;
	b->message = r->message;
	b->born_ms = ev_now_ms();
	b->last = &b->first;
	TAILQ_INSERT_TAIL(&f->batches, b, link);
	flow_count(fs, f, 1);
	return b;
}

void
flow_put(struct flows *fs, struct rcpt *r)
{
	struct batch *b = batch_of(fs, r);

	r->next_in_batch = NULL;
	*b->last = r;
	b->last = &r->next_in_batch;
}

size_t
flow_take(struct batch *b, struct rcpt **out, size_t n)
{
	size_t i = 0;

	while (i < n && b->first != NULL) {
		out[i++] = b->first;
		b->first = b->first->next_in_batch;
	}
	if (b->first == NULL)
		b->last = &b->first;
	return i;
}

static bool
is_ready(const struct batch *b)
{
	return b->message->resolving == 0 ||
	       ev_now_ms() - b->born_ms >= HOLD_MS;
}

static struct batch *
ready_of(const struct flow_class *class, bool all)
{
	struct flow *f;
	struct batch *b;
	unsigned looked = 0;

	TAILQ_FOREACH(f, &class->turns, link)
	TAILQ_FOREACH(b, &f->batches, link)
	{
		if (all || is_ready(b))
			return b;
		if (++looked == LOOK)
			return NULL;
	}
	return NULL;
}

/* Has CLASS waited for so many of higher ranks that it is its turn? */
static bool
is_its_turn(const struct flow_class *class)
{
	return class->passed + 1 >= qmgr_conf->bulk_turn;
}

struct batch *
flow_pick(const struct flows *fs, bool all)
{
	struct batch *b;

	for (size_t i = FLOW_RANKS; i-- > 0;) {
		if (!is_its_turn(&fs->class[i]))
			continue;
		b = ready_of(&fs->class[i], all);
		if (b != NULL)
			return b;
	}
	for (size_t i = 0; i < FLOW_RANKS; i++) {
		b = ready_of(&fs->class[i], all);
		if (b != NULL)
			return b;
	}
	return NULL;
}

/* One of RANK had its turn. */
static void
count_turn(struct flows *fs, enum flow_rank rank)
{
	fs->class[rank].passed = 0;
	for (size_t i = rank + 1; i < FLOW_RANKS; i++)
		if (!TAILQ_EMPTY(&fs->class[i].turns))
			fs->class[i].passed++;
}

void
flow_served(struct flows *fs, struct batch *b)
{
	struct flow *f = b->flow;
	struct flow_class *class = &fs->class[f->rank];

	count_turn(fs, f->rank);
	TAILQ_REMOVE(&class->turns, f, link);
	TAILQ_INSERT_TAIL(&class->turns, f, link);
	TAILQ_REMOVE(&f->batches, b, link);
	/* The rest of a large message waits behind the others. */
	if (b->first != NULL) {
		TAILQ_INSERT_TAIL(&f->batches, b, link);
		return;
	}
	flow_count(fs, f, -1);
	free(b);
}

struct batch *
flow_last(const struct flows *fs)
{
	const struct flow *f;
	struct heap_node *node = NULL;

	for (size_t i = FLOW_RANKS; i-- > 0 && node == NULL;)
		node = heap_first(&fs->class[i].longest);
	if (node == NULL)
		return NULL;
	f = OUTER(node, struct flow, longest);
	return TAILQ_LAST(&f->batches, batches);
}
