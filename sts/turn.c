/* SPDX-License-Identifier: ISC */
#include "sts/turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"

enum {
	KEY = 16,
	BYTES_V4 = 12 + 3, /* a /24 */
	BYTES_V6 = 6,      /* a /48 */
	BEGUN_AT_ONCE = 10,
};

TAILQ_HEAD(turn_list, sts_turn);

struct sts_network {
	TAILQ_ENTRY(sts_network) link; /* with some that wait */
	struct turn_list running, waiting;
	size_t n; /* running */
	uint8_t key[KEY];
};

static struct {
	struct map networks; /* by key */
	TAILQ_HEAD(, sts_network) due;
	struct turn_list running; /* the oldest first */
	size_t n;
	struct ev_task task;
	struct ev_timer timer;
	bool ready;
} turns;

/* ---- networks ---- */

static struct slice
key_of(const uint8_t key[KEY])
{
	return slice_of(key, KEY);
}

static struct sts_network *
network_get(const struct addr *a)
{
	uint8_t ip[16] = { 0 }, key[KEY] = { 0 };
	struct sts_network *n;

	(void)addr_ip16(a, ip);
	memcpy(key, ip, addr_ip16_is_v4(ip) ? BYTES_V4 : BYTES_V6);
	n = map_find(&turns.networks, key_of(key));
	if (n != NULL)
		return n;
	n = xcalloc(1, sizeof *n);
	memcpy(n->key, key, sizeof n->key);
	TAILQ_INIT(&n->running);
	TAILQ_INIT(&n->waiting);
	(void)map_put(&turns.networks, key_of(n->key), n);
	return n;
}

static void
network_tidy(struct sts_network *n)
{
	if (n->n > 0 || !TAILQ_EMPTY(&n->waiting))
		return;
	map_del(&turns.networks, key_of(n->key));
	free(n);
}

/* ---- turns ---- */

static void
wait_no_more(struct sts_turn *t)
{
	struct sts_network *n = t->network;

	TAILQ_REMOVE(&n->waiting, t, link);
	if (TAILQ_EMPTY(&n->waiting))
		TAILQ_REMOVE(&turns.due, n, link);
}

static void
begin(struct sts_turn *t)
{
	struct sts_network *n = t->network;

	wait_no_more(t);
	TAILQ_INSERT_TAIL(&n->running, t, link);
	TAILQ_INSERT_TAIL(&turns.running, t, order);
	n->n++;
	turns.n++;
	t->running = true;
	t->since_ms = ev_now_ms();
	if (!TAILQ_EMPTY(&n->waiting)) { /* the next network's turn */
		TAILQ_REMOVE(&turns.due, n, link);
		TAILQ_INSERT_TAIL(&turns.due, n, link);
	}
	t->on_turn(t);
}

/* Who has to end before one of N can begin; NULL: nobody. */
static struct sts_turn *
before(const struct sts_network *n)
{
	if (n->n >= STS_TURNS_NETWORK)
		return TAILQ_FIRST(&n->running);
	return turns.n >= STS_TURNS ? TAILQ_FIRST(&turns.running) : NULL;
}

static int64_t
left_ms(const struct sts_turn *t)
{
	return t->since_ms + STS_TURN_MS - ev_now_ms();
}

/* A network for which there is room, or will be when somebody's time is over
 * that is; else how long it is until then.  Of full networks there are few. */
static struct sts_network *
choose(int64_t *next_ms)
{
	struct sts_network *n;

	*next_ms = INT64_MAX;
	TAILQ_FOREACH(n, &turns.due, link)
	{
		const struct sts_turn *old = before(n);
		const int64_t left = old != NULL ? left_ms(old) : 0;

		if (left <= 0)
			return n;
		if (left < *next_ms)
			*next_ms = left;
		if (turns.n >= STS_TURNS && n->n < STS_TURNS_NETWORK)
			return NULL; /* for others there is no room either */
	}
	return NULL;
}

static void
on_task(struct ev_task *task)
{
	struct sts_network *n = NULL;
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < BEGUN_AT_ONCE; i++) {
		struct sts_turn *old;

		n = choose(&next_ms);
		if (n == NULL)
			break;
		old = before(n);
		if (old != NULL)
			old->on_over(old);
		else
			begin(TAILQ_FIRST(&n->waiting));
	}
	if (n != NULL)
		ev_task_queue(task);
	else if (next_ms != INT64_MAX)
		ev_timer_set(&turns.timer, next_ms);
}

static void
on_time(struct ev_timer *timer)
{
	(void)timer;
	ev_task_queue(&turns.task);
}

static void
prepare(void)
{
	if (turns.ready)
		return;
	turns.ready = true;
	map_init(&turns.networks);
	TAILQ_INIT(&turns.due);
	TAILQ_INIT(&turns.running);
	ev_task_init(&turns.task, on_task);
	ev_timer_init(&turns.timer, on_time);
}

void
sts_turn_wait(struct sts_turn *t, const struct addr *addr)
{
	struct sts_network *n;

	prepare();
	n = network_get(addr);
	t->network = n;
	t->running = false;
	if (TAILQ_EMPTY(&n->waiting))
		TAILQ_INSERT_TAIL(&turns.due, n, link);
	TAILQ_INSERT_TAIL(&n->waiting, t, link);
	ev_task_queue(&turns.task);
}

void
sts_turn_end(struct sts_turn *t)
{
	struct sts_network *n = t->network;

	if (n == NULL)
		return;
	if (t->running) {
		TAILQ_REMOVE(&n->running, t, link);
		TAILQ_REMOVE(&turns.running, t, order);
		n->n--;
		turns.n--;
	} else {
		wait_no_more(t);
	}
	t->network = NULL;
	network_tidy(n);
	if (!TAILQ_EMPTY(&turns.due))
		ev_task_queue(&turns.task);
}
