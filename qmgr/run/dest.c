/* SPDX-License-Identifier: ISC */
/*
 * A site is who is dialled: the MX hosts of a domain, the relayhost, or the
 * next hop where they are not known.  When they change, what waits goes to the
 * new ones too, because smtp asks again.  Those who dial it from addresses of
 * their own have a destination each, because hosts judge clients by that.
 */
#include "qmgr/run/dest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/run/dest_state.h"
#include "qmgr/run/flow.h"
#include "qmgr/run/retry.h"
#include "qmgr/run/settle.h"
#include "qmgr/run/shape.h"

enum {
	FAILS_DOWN = 5, /* in a row: then the destination is down */
	DOWN_MS = 60000,
	MAX_IDLE = 10000, /* destinations remembered without work */
	HOLD_MS = 100,    /* longest wait for a message's other recipients */
	TURNS = 256,      /* deliveries in one turn of the loop */
	PUT_OFF = 64,     /* messages that one of them puts off in its turn */
	PACE_MS = 300000, /* what will have its turn by then stays in memory */
	PACE_MIN = 20,    /* and so many in any case */
};

struct dest {
	TAILQ_ENTRY(dest) idle_link;
	TAILQ_ENTRY(dest) turn;
	TAILQ_ENTRY(dest) hold;
	struct flows flows;
	struct shape_user shape;
	enum role role;
	uid_t uid;
	struct slice site;
	struct slice source;
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
	if (shape_limit(&d->shape) != NULL &&
	    shape_limit(&d->shape)->sessions > 0)
		return shape_limit(&d->shape)->sessions;
	return qmgr_conf->smtp_concurrency;
}

/* For one of which nothing is known yet. */
static unsigned
start_of(const struct dest *d)
{
	const unsigned limit = limit_of(d);

	if (d->role != ROLE_SMTP || limit < qmgr_conf->smtp_concurrency_start)
		return limit;
	return qmgr_conf->smtp_concurrency_start;
}

enum { HEAD_BYTES = 2 * sizeof(uint32_t) }; /* of a key, before the site */

enum { SITE_BYTES = 1024 };

static void
make_key(struct buf *key, enum role role, uid_t uid, struct slice site,
    struct slice source)
{
	const uint32_t head[2] = { role, uid };

	buf_add(key, slice_of(head, HEAD_BYTES));
	buf_add(key, slice_sub(site, 0, SITE_BYTES));
	if (source.n > 0)
		buf_addc(key, '\n');
	buf_add(key, source);
}

/* What its limits are counted by. */
static struct slice
site_and_source(const struct dest *d)
{
	return slice_of(d->key + HEAD_BYTES, d->key_n - HEAD_BYTES);
}

static struct dest *
dest_get(enum role role, uid_t uid, struct slice site, struct slice source)
{
	struct buf key = { .max = 2048 };
	struct dest *d;

	make_key(&key, role, uid, site, source);
	d = map_find(&dests.by_key, buf_slice(&key));
	if (d == NULL) {
		d = xcalloc(1, sizeof *d + key.n);
		memcpy(d->key, key.p, key.n);
		d->key_n = key.n;
		d->site = slice_cut(site_and_source(d), '\n', &d->source);
		d->role = role;
		d->uid = uid;
		d->window = start_of(d);
		flow_init(&d->flows);
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
	if (d->idle || d->shape.active > 0 || d->waiting || d->holding ||
	    d->flows.nbatches > 0)
		return;
	d->idle = true;
	TAILQ_INSERT_TAIL(&dests.idle, d, idle_link);
	if (++dests.nidle <= MAX_IDLE)
		return;
	d = TAILQ_FIRST(&dests.idle);
	set_busy(d);
	map_del(&dests.by_key, slice_of(d->key, d->key_n));
	shape_unbind(&d->shape);
	flow_fini(&d->flows);
	free(d);
}

static bool
is_down(const struct dest *d)
{
	return d->down_until_ms > ev_now_ms();
}

/* Batches that have their turn soon enough to stay. */
static size_t
pace(const struct dest *d)
{
	const size_t n = shape_pace(&d->shape, PACE_MS);

	return n > PACE_MIN ? n : PACE_MIN;
}

/* Stand in line when there is something to do. */
static void
line_up(struct dest *d)
{
	if (d->waiting || d->flows.nbatches == 0)
		return;
	if (!is_down(d) && (d->shape.active >= d->window || d->shape.waits) &&
	    d->flows.nbatches <= pace(d))
		return;
	d->waiting = true;
	TAILQ_INSERT_TAIL(&dests.turns, d, turn);
	ev_task_queue(&dests.pump);
}

static void
on_shape(struct shape_user *u)
{
	line_up(OUTER(u, struct dest, shape));
}

void
dest_put(enum role role, uid_t uid, struct slice site, struct rcpt *r)
{
	struct dest *d = dest_get(
	    role, uid, site, role == ROLE_SMTP ? r->source : SLICE(""));

	set_busy(d);
	if (role == ROLE_SMTP)
		shape_bind(&d->shape, site_and_source(d), d->source, r->limits);
	if (d->window > limit_of(d))
		d->window = limit_of(d);
	rcpt_enter(r, RCPT_QUEUED);
	flow_put(&d->flows, r);
	line_up(d);
}

/* B, and with it all it has, is tried later. */
static void
put_off(struct dest *d, struct batch *b, const char *dsn, const char *why,
    int64_t pause_ms)
{
	struct rcpt *r;

	while (flow_take(b, &r, 1) == 1) {
		rcpt_say(
		    r, JOB_TEMPFAIL, slice_str(dsn), SLICE(""), slice_str(why));
		retry_pause(r->message, pause_ms);
		settle(r, RCPT_DEFERRED);
	}
	flow_served(&d->flows, b);
}

static unsigned
put_off_down(struct dest *d)
{
	unsigned n;

	for (n = 0; n < PUT_OFF && d->flows.nbatches > 0; n++)
		put_off(d, flow_pick(&d->flows, true), d->dsn, d->why, 0);
	return n;
}

/* What is behind those that have their turn soon, in the order in which it
 * would have its own. */
static unsigned
put_off_excess(struct dest *d)
{
	const size_t stay = pace(d);
	char why[120];
	unsigned n;

	snprintf(why, sizeof why, "more mail waits for %.*s than limits allow",
	    SLICE_FMT(slice_sub(d->site, 0, 60)));
	for (n = 0; n < PUT_OFF && d->flows.nbatches > stay; n++)
		put_off(d, flow_last(&d->flows), "4.4.5", why,
		    (int64_t)(d->flows.nbatches / stay) * PACE_MS);
	return n;
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

static void
start(struct dest *d, struct batch *b, size_t n)
{
	struct rcpt **rcpts = xcalloc(n, sizeof *rcpts);
	struct message *m = b->message;

	n = flow_take(b, rcpts, n);
	shape_begin(&d->shape, n);
	flow_served(&d->flows, b);
	dests.deliver(d, m, rcpts, n);
}

/* One delivery, if it may be now, or some of it put off; how many. */
static unsigned
one_turn(struct dest *d)
{
	struct batch *b;
	unsigned n = 0;
	size_t room;

	if (is_down(d)) {
		shape_leave(&d->shape);
		return put_off_down(d);
	}
	if (d->flows.nbatches > pace(d))
		n = put_off_excess(d);
	if (d->shape.active >= d->window)
		return n;
	room = shape_room(&d->shape, qmgr_conf->recipients_per_job);
	if (room == 0) {
		shape_wait(&d->shape);
	} else if ((b = flow_pick(&d->flows, false)) != NULL) {
		start(d, b, room);
		n++;
	} else if (d->flows.nbatches > 0)
		hold(d);
	return n;
}

static void
on_pump(struct ev_task *task)
{
	struct dest *d;
	unsigned done = 0, n;

	while (!dests.stopped && (d = TAILQ_FIRST(&dests.turns)) != NULL) {
		if (done >= TURNS) {
			ev_task_queue_last(task);
			return;
		}
		TAILQ_REMOVE(&dests.turns, d, turn);
		d->waiting = false;
		n = d->flows.nbatches > 0 ? one_turn(d) : 0;
		done += n;
		shape_next(&d->shape);
		if (n > 0)
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
	    kv_slice("source", d->source), kv_u("failures", d->fails),
	    kv_s("why", d->why));
}

static void
success(struct dest *d)
{
	if (d->fails >= FAILS_DOWN) {
		log_info("dest.up", kv_slice("site", d->site),
		    kv_slice("source", d->source));
		d->window = start_of(d);
		d->wins = 0;
	}
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
	shape_end(&d->shape);
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

unsigned
dest_session_messages(const struct dest *d)
{
	return shape_messages(&d->shape);
}

void
dest_init(void (*deliver)(
    struct dest *d, struct message *m, struct rcpt **rcpts, size_t n))
{
	dests.deliver = deliver;
	shape_init(on_shape);
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

/* ---- for people ---- */

static void
state_of(const struct dest *d, struct dest_state *st)
{
	*st = (struct dest_state){
		.role = d->role,
		.uid = d->uid,
		.site = d->site,
		.source = d->source,
		.waiting = d->flows.nbatches,
		.active = d->shape.active,
		.window = d->window,
		.limit = limit_of(d),
		.fails = d->fails,
		.dsn = d->dsn,
		.why = d->why,
		.down_ms = is_down(d) ? d->down_until_ms - ev_now_ms() : 0,
		.probe = d->role == ROLE_SMTP && d->fails >= FAILS_DOWN &&
			 !is_down(d),
	};
	shape_state(&d->shape, &st->shape);
}

bool
dest_find(enum role role, uid_t uid, struct slice site, struct dest_state *st)
{
	struct buf key = { .max = 2048 };
	const struct dest *d;

	make_key(&key, role, uid, site, SLICE(""));
	d = map_find(&dests.by_key, buf_slice(&key));
	buf_fini(&key);
	if (d != NULL)
		state_of(d, st);
	return d != NULL;
}

bool
dest_visit(size_t *at, size_t n,
    void (*visit)(void *arg, const struct dest_state *st), void *arg)
{
	struct map_iter it = { .slot = *at };
	struct dest_state st;
	size_t looks = 0;

	/* A slot is not left in the middle. */
	while (looks++ < n || it.next != NULL) {
		if (!map_next(&dests.by_key, &it))
			return false;
		state_of(it.value, &st);
		visit(arg, &st);
	}
	*at = it.slot;
	return true;
}
