/* SPDX-License-Identifier: ISC */
#include "qmgr/run/dest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/run/settle.h"

enum {
	FAILS_DOWN = 5, /* in a row: then the destination is down */
	DOWN_MS = 60000,
	MAX_IDLE = 10000, /* destinations remembered without work */
	MERGE_LOOK = 8,   /* batches looked at for the same message */
	HOLD_MS = 100,    /* longest wait for a message's other recipients */
};

/* Recipients of one message at one destination. */
struct batch {
	TAILQ_ENTRY(batch) link;
	struct message *message;
	int64_t born_ms;
	struct rcpt *first;
	struct rcpt **last;
};

struct dest {
	TAILQ_ENTRY(dest) idle_link;
	TAILQ_ENTRY(dest) turn;
	TAILQ_ENTRY(dest) hold;
	TAILQ_HEAD(batches, batch) batches;
	enum role role;
	uid_t uid;
	struct slice site;
	unsigned active;
	unsigned window; /* deliveries it may have under way now */
	unsigned wins;   /* successes since the window last grew */
	unsigned fails;  /* troubles in a row */
	int64_t down_until_ms;
	bool idle;    /* in the list of those without work */
	bool waiting; /* in the turn list */
	bool holding; /* in the list of those that hold back */
	char dsn[16];
	char why[200];
	size_t key_n;
	char key[];
};

static struct {
	struct map by_key;
	TAILQ_HEAD(, dest) idle; /* longest idle first */
	size_t nidle;
	TAILQ_HEAD(, dest) turns;
	TAILQ_HEAD(, dest) held;
	struct ev_task pump;
	struct ev_timer hold;
	void (*deliver)(
	    struct dest *d, struct message *m, struct rcpt **rcpts, size_t n);
	bool stopped;
} dests;

static unsigned
limit_of(const struct dest *d)
{
	if (d->role == ROLE_LOCAL)
		return qmgr_conf->local_concurrency;
	if (d->role == ROLE_PIPE)
		return qmgr_conf->pipe_concurrency;
	return qmgr_conf->smtp_concurrency;
}

static struct dest *
dest_get(enum role role, uid_t uid, struct slice site)
{
	const uint32_t head[2] = { role, uid };
	struct buf key = { .max = 2048 };
	struct dest *d;

	buf_add(&key, slice_of(head, sizeof head));
	buf_add(&key, slice_sub(site, 0, 1024));
	d = map_find(&dests.by_key, buf_slice(&key));
	if (d == NULL) {
		d = xcalloc(1, sizeof *d + key.n);
		memcpy(d->key, key.p, key.n);
		d->key_n = key.n;
		d->site = slice_of(d->key + sizeof head, key.n - sizeof head);
		d->role = role;
		d->uid = uid;
		d->window = role == ROLE_SMTP
				? qmgr_conf->smtp_concurrency_start
				: limit_of(d);
		TAILQ_INIT(&d->batches);
		map_put(&dests.by_key, buf_slice(&key), d);
	}
	buf_fini(&key);
	return d;
}

static void
set_busy(struct dest *d)
{
	if (!d->idle)
		return;
	d->idle = false;
	TAILQ_REMOVE(&dests.idle, d, idle_link);
	dests.nidle--;
}

/* Those without work are remembered, for their window and their failures; the
 * one that has been without the longest is forgotten for a new one. */
static void
set_idle(struct dest *d)
{
	if (d->idle || d->active > 0 || d->waiting || d->holding ||
	    !TAILQ_EMPTY(&d->batches))
		return;
	d->idle = true;
	TAILQ_INSERT_TAIL(&dests.idle, d, idle_link);
	if (++dests.nidle <= MAX_IDLE)
		return;
	d = TAILQ_FIRST(&dests.idle);
	set_busy(d);
	map_del(&dests.by_key, slice_of(d->key, d->key_n));
	free(d);
}

static bool
is_down(const struct dest *d)
{
	return d->down_until_ms > ev_now_ms();
}

/* Stand in line when there is something to do. */
static void
line_up(struct dest *d)
{
	if (d->waiting || TAILQ_EMPTY(&d->batches) ||
	    (d->active >= d->window && !is_down(d)))
		return;
	d->waiting = true;
	TAILQ_INSERT_TAIL(&dests.turns, d, turn);
	ev_task_queue(&dests.pump);
}

/* One delivery goes to one next hop. */
static struct batch *
batch_for(struct dest *d, const struct rcpt *r)
{
	struct message *m = r->message;
	struct batch *b;
	unsigned looked = 0;

	TAILQ_FOREACH_REVERSE(b, &d->batches, batches, link)
	{
		if (b->message == m && slice_eq(b->first->nexthop, r->nexthop))
			return b;
		if (++looked == MERGE_LOOK)
			break;
	}
	b = xcalloc(1, sizeof *b);
	b->message = m;
	b->born_ms = ev_now_ms();
	b->last = &b->first;
	TAILQ_INSERT_TAIL(&d->batches, b, link);
	return b;
}

void
dest_put(enum role role, uid_t uid, struct slice site, struct rcpt *r)
{
	struct dest *d = dest_get(role, uid, site);
	struct batch *b = batch_for(d, r);

	set_busy(d);
	rcpt_enter(r, RCPT_QUEUED);
	r->next_in_batch = NULL;
	*b->last = r;
	b->last = &r->next_in_batch;
	line_up(d);
}

/* Take up to N recipients off the front of B into OUT. */
static size_t
take(struct batch *b, struct rcpt **out, size_t n)
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

static void
put_off(struct dest *d, struct batch *b)
{
	struct rcpt *r;

	while (take(b, &r, 1) == 1) {
		rcpt_say(r, JOB_TEMPFAIL, slice_str(d->dsn), SLICE(""),
		    slice_str(d->why));
		settle(r, RCPT_DEFERRED);
	}
}

/* The first batch that is whole, or has waited long enough; NULL for none. */
static struct batch *
next_batch(const struct dest *d)
{
	struct batch *b;
	unsigned looked = 0;

	TAILQ_FOREACH(b, &d->batches, link)
	{
		if (b->message->resolving == 0 || is_down(d) ||
		    ev_now_ms() - b->born_ms >= HOLD_MS)
			return b;
		if (++looked == MERGE_LOOK)
			break;
	}
	return NULL;
}

static void
hold(struct dest *d)
{
	if (d->holding)
		return;
	d->holding = true;
	TAILQ_INSERT_TAIL(&dests.held, d, hold);
	if (!ev_timer_running(&dests.hold))
		ev_timer_set(&dests.hold, HOLD_MS);
}

void
dest_resolved(void)
{
	struct dest *d;

	while ((d = TAILQ_FIRST(&dests.held)) != NULL) {
		TAILQ_REMOVE(&dests.held, d, hold);
		d->holding = false;
		line_up(d);
		set_idle(d);
	}
}

static void
on_hold(struct ev_timer *t)
{
	(void)t;
	dest_resolved();
}

/* One delivery, or all of it put off when the destination is down. */
static void
one_turn(struct dest *d, struct batch *b)
{
	const size_t max = qmgr_conf->recipients_per_job;
	struct rcpt **rcpts;
	size_t n;

	TAILQ_REMOVE(&d->batches, b, link);
	if (is_down(d)) {
		put_off(d, b);
		free(b);
		return;
	}
	rcpts = xcalloc(max, sizeof *rcpts);
	n = take(b, rcpts, max);
	d->active++;
	dests.deliver(d, b->message, rcpts, n);
	/* The rest of a large message waits behind the others. */
	if (b->first != NULL)
		TAILQ_INSERT_TAIL(&d->batches, b, link);
	else
		free(b);
}

static void
on_pump(struct ev_task *task)
{
	struct dest *d;
	struct batch *b;

	(void)task;
	while (!dests.stopped && (d = TAILQ_FIRST(&dests.turns)) != NULL) {
		TAILQ_REMOVE(&dests.turns, d, turn);
		d->waiting = false;
		if (TAILQ_EMPTY(&d->batches)) {
			set_idle(d);
			continue;
		}
		if ((b = next_batch(d)) == NULL) {
			hold(d);
			continue;
		}
		one_turn(d, b);
		line_up(d);
		set_idle(d);
	}
}

static void
trouble(struct dest *d, struct slice dsn, struct slice why)
{
	d->wins = 0;
	d->fails++;
	d->window = d->window > 1 ? d->window / 2 : 1;
	slice_copy(slice_sub(dsn, 0, sizeof d->dsn - 1), d->dsn, sizeof d->dsn);
	slice_copy(slice_sub(why, 0, sizeof d->why - 1), d->why, sizeof d->why);
	if (d->role != ROLE_SMTP || d->fails < FAILS_DOWN)
		return;
	d->down_until_ms = ev_now_ms() + DOWN_MS;
	d->window = 1;
	log_warn("dest.down", kv_slice("site", d->site),
	    kv_u("failures", d->fails), kv_s("why", d->why));
}

static void
success(struct dest *d)
{
	if (d->fails >= FAILS_DOWN)
		log_info("dest.up", kv_slice("site", d->site));
	d->fails = 0;
	d->down_until_ms = 0;
	if (d->window >= limit_of(d)) {
		d->window = limit_of(d);
		return;
	}
	if (++d->wins >= d->window) {
		d->window++;
		d->wins = 0;
	}
}

void
dest_done(struct dest *d, enum dest_outcome outcome, struct slice dsn,
    struct slice why)
{
	must(d->active > 0);
	d->active--;
	if (outcome == DEST_TROUBLE)
		trouble(d, dsn, why);
	else if (outcome == DEST_WELL)
		success(d);
	line_up(d);
	set_idle(d);
}

enum role
dest_role(const struct dest *d)
{
	return d->role;
}

uid_t
dest_uid(const struct dest *d)
{
	return d->uid;
}

struct slice
dest_site(const struct dest *d)
{
	return d->site;
}

void
dest_init(void (*deliver)(
    struct dest *d, struct message *m, struct rcpt **rcpts, size_t n))
{
	dests.deliver = deliver;
	map_init(&dests.by_key);
	TAILQ_INIT(&dests.idle);
	dests.nidle = 0;
	TAILQ_INIT(&dests.turns);
	TAILQ_INIT(&dests.held);
	ev_timer_init(&dests.hold, on_hold);
	ev_task_init(&dests.pump, on_pump);
}

void
dest_stop(void)
{
	dests.stopped = true;
}

void
dest_flush(void)
{
	struct map_iter it = { 0 };

	while (map_next(&dests.by_key, &it)) {
		struct dest *d = it.value;

		d->down_until_ms = 0;
		line_up(d);
	}
}
