/* SPDX-License-Identifier: ISC */
#include "qmgr/run/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "table/source.h"

enum {
	SLOTS = 60, /* of rate_ms: how exactly it is known when there is room */
	NAME_MAX_BYTES = 2048,
	UNUSED_LOOK = 4, /* looked at whenever one is made */
};

struct shape {
	TAILQ_ENTRY(shape) unused_link;
	TAILQ_HEAD(, shape_user) line;
	struct ev_timer timer;
	struct limit limit;
	char *text; /* limit was read from it */
	unsigned users;
	unsigned active;
	int64_t next_ms; /* no delivery begins before, by interval */
	/* Recipients of the slots up to slot, which was the last to have any:
	 * SLOTS whole ones and one that has begun cover rate_ms. */
	int64_t slot;
	uint32_t sum;
	uint32_t slots[SLOTS + 1];
	size_t name_n;
	char name[];
};

static struct {
	struct map by_name;
	TAILQ_HEAD(, shape) unused; /* for their counters */
	void (*go)(struct shape_user *u);
} shapes;

/* ---- rate ---- */

static int64_t
slot_ms(const struct shape *s)
{
	return (s->limit.rate_ms + SLOTS - 1) / SLOTS;
}

/* Recipients that still count, of the slot NOW and the SLOTS before it. */
static uint32_t
sum_at(const struct shape *s, int64_t now)
{
	uint32_t sum = s->sum;

	if (now - s->slot > SLOTS)
		return 0;
	for (int64_t i = s->slot - SLOTS; i < now - SLOTS; i++)
		if (i >= 0)
			sum -= s->slots[i % (SLOTS + 1)];
	return sum;
}

static void
rate_move(struct shape *s, int64_t now)
{
	s->sum = sum_at(s, now);
	if (now - s->slot > SLOTS)
		memset(s->slots, 0, sizeof s->slots);
	else
		for (int64_t i = s->slot + 1; i <= now; i++)
			s->slots[i % (SLOTS + 1)] = 0;
	s->slot = now;
}

static void
rate_add(struct shape *s, size_t n)
{
	const int64_t now = ev_now_ms() / slot_ms(s);

	rate_move(s, now);
	s->slots[now % (SLOTS + 1)] += (uint32_t)n;
	s->sum += (uint32_t)n;
}

static size_t
rate_room(const struct shape *s)
{
	const uint32_t sum = sum_at(s, ev_now_ms() / slot_ms(s));

	return sum < s->limit.rate ? s->limit.rate - sum : 0;
}

/* Until the oldest that count do not any more. */
static int64_t
rate_wait_ms(const struct shape *s)
{
	const int64_t now = ev_now_ms() / slot_ms(s);

	for (int64_t i = now - SLOTS; i <= s->slot; i++)
		if (i >= 0 && s->slots[i % (SLOTS + 1)] > 0)
			return (i + SLOTS + 1) * slot_ms(s) - ev_now_ms();
	return 0;
}

/* ---- what holds a delivery up ---- */

static bool
is_full(const struct shape *s)
{
	return s->limit.sessions > 0 && s->active >= s->limit.sessions;
}

/* 0: nothing does, as far as time goes. */
static int64_t
wait_ms(const struct shape *s)
{
	const int64_t interval = s->next_ms - ev_now_ms();
	const int64_t rate =
	    s->limit.rate > 0 && rate_room(s) == 0 ? rate_wait_ms(s) : 0;
	const int64_t ms = interval > rate ? interval : rate;

	return ms > 0 ? ms : 0;
}

static void
next(struct shape *s)
{
	struct shape_user *u = TAILQ_FIRST(&s->line);

	if (u == NULL || is_full(s))
		return;
	if (wait_ms(s) > 0) {
		ev_timer_set(&s->timer, wait_ms(s));
		return;
	}
	shape_leave(u);
	shapes.go(u);
}

static void
on_timer(struct ev_timer *t)
{
	next(OUTER(t, struct shape, timer));
}

/* ---- shapes ---- */

static void
shape_free(struct shape *s)
{
	map_del(&shapes.by_name, slice_of(s->name, s->name_n));
	ev_timer_stop(&s->timer);
	free(s->text);
	free(s);
}

/* Nothing of what S did binds any more. */
static bool
is_over(const struct shape *s)
{
	return s->next_ms <= ev_now_ms() &&
	       (s->limit.rate == 0 || sum_at(s, ev_now_ms() / slot_ms(s)) == 0);
}

static void
free_unused(void)
{
	struct shape *s;

	for (unsigned i = 0; i < UNUSED_LOOK; i++) {
		if ((s = TAILQ_FIRST(&shapes.unused)) == NULL)
			return;
		TAILQ_REMOVE(&shapes.unused, s, unused_link);
		if (is_over(s))
			shape_free(s);
		else
			TAILQ_INSERT_TAIL(&shapes.unused, s, unused_link);
	}
}

static struct shape *
shape_new(struct slice name)
{
	struct shape *s = xcalloc(1, sizeof *s + name.n);

	free_unused();
	TAILQ_INIT(&s->line);
	ev_timer_init(&s->timer, on_timer);
	memcpy(s->name, name.p, name.n);
	s->name_n = name.n;
	map_put(&shapes.by_name, name, s);
	TAILQ_INSERT_TAIL(&shapes.unused, s, unused_link);
	return s;
}

/* What counts was counted by other slots: it is taken as if it were all of
 * now, so that no change of the table lets through more than before. */
static void
set_limit(struct shape *s, const struct limit *l)
{
	const uint32_t sum =
	    s->limit.rate > 0 ? sum_at(s, ev_now_ms() / slot_ms(s)) : 0;
	const bool same = s->limit.rate_ms == l->rate_ms;

	s->limit = *l;
	if (same)
		return;
	memset(s->slots, 0, sizeof s->slots);
	s->sum = 0;
	s->slot = 0;
	if (l->rate > 0 && sum > 0)
		rate_add(s, sum);
}

/* What cannot be read, lookup has logged: what was known before goes on. */
static void
set_text(struct shape *s, struct slice text, const struct limit *l)
{
	if (s->text != NULL && slice_is(text, s->text))
		return;
	free(s->text);
	s->text = xslicedup(text);
	set_limit(s, l);
	next(s);
}

static struct shape *
shape_get(struct slice site, struct slice source, struct slice key,
    const struct limit *l)
{
	static struct buf name = { .max = NAME_MAX_BYTES };
	struct shape *s;

	buf_reset(&name);
	if (l->shared) {
		buf_addf(&name, "=%.*s\n", SLICE_FMT(key));
		buf_add(&name, slice_sub(source, 0, SOURCE_TEXT_MAX));
	} else {
		buf_add(&name, slice_sub(site, 0, NAME_MAX_BYTES));
	}
	s = map_find(&shapes.by_name, buf_slice(&name));
	return s != NULL ? s : shape_new(buf_slice(&name));
}

void
shape_unbind(struct shape_user *u)
{
	struct shape *s = u->shape;

	if (s == NULL)
		return;
	shape_leave(u);
	s->active -= u->active;
	u->shape = NULL;
	if (--s->users == 0)
		TAILQ_INSERT_TAIL(&shapes.unused, s, unused_link);
	else
		next(s);
}

void
shape_bind(struct shape_user *u, struct slice site, struct slice source,
    struct slice limits)
{
	struct slice value;
	const struct slice key = slice_cut(limits, ' ', &value);
	struct limit l;
	struct shape *s;

	if (limits.n == 0) {
		shape_unbind(u);
		return;
	}
	if ((u->shape != NULL && slice_is(limits, u->shape->text)) ||
	    limit_parse(value, &l, NULL) == -1)
		return;
	s = shape_get(site, source, key, &l);
	if (s != u->shape) {
		shape_unbind(u);
		u->shape = s;
		s->active += u->active;
		if (s->users++ == 0)
			TAILQ_REMOVE(&shapes.unused, s, unused_link);
	}
	set_text(s, limits, &l);
}

const struct limit *
shape_limit(const struct shape_user *u)
{
	return u->shape != NULL ? &u->shape->limit : NULL;
}

size_t
shape_room(const struct shape_user *u, size_t n)
{
	const struct shape *s = u->shape;
	size_t room;

	if (s == NULL)
		return n;
	if (is_full(s) || wait_ms(s) > 0)
		return 0;
	if (s->limit.rate == 0)
		return n;
	room = rate_room(s);
	return room < n ? room : n;
}

void
shape_wait(struct shape_user *u)
{
	struct shape *s = u->shape;

	must(s != NULL);
	if (!u->waits)
		TAILQ_INSERT_TAIL(&s->line, u, link);
	u->waits = true;
	if (!is_full(s) && wait_ms(s) > 0)
		ev_timer_set(&s->timer, wait_ms(s));
}

void
shape_leave(struct shape_user *u)
{
	if (u->waits)
		TAILQ_REMOVE(&u->shape->line, u, link);
	u->waits = false;
}

void
shape_begin(struct shape_user *u, size_t n)
{
	struct shape *s = u->shape;

	u->active++;
	if (s == NULL)
		return;
	s->active++;
	s->next_ms = ev_now_ms() + s->limit.interval_ms;
	if (s->limit.rate > 0)
		rate_add(s, n);
}

void
shape_end(struct shape_user *u)
{
	must(u->active > 0);
	u->active--;
	if (u->shape == NULL)
		return;
	u->shape->active--;
	next(u->shape);
}

void
shape_next(struct shape_user *u)
{
	if (u->shape != NULL)
		next(u->shape);
}

uint32_t
shape_messages(const struct shape_user *u)
{
	const struct shape *s = u->shape;

	if (s == NULL)
		return 0;
	return s->limit.sessions > 0 && !TAILQ_EMPTY(&s->line)
		   ? 1
		   : s->limit.messages;
}

void
shape_state(const struct shape_user *u, struct shape_state *st)
{
	const struct shape *s = u->shape;

	*st = (struct shape_state){ 0 };
	if (s == NULL)
		return;
	st->text = slice_str(s->text);
	st->limit = &s->limit;
	st->active = s->active;
	st->full = is_full(s);
	st->wait_ms = wait_ms(s);
	if (s->limit.rate > 0)
		st->sent = sum_at(s, ev_now_ms() / slot_ms(s));
}

size_t
shape_pace(const struct shape_user *u, int64_t ms)
{
	const struct limit *l = shape_limit(u);
	int64_t n = INT64_MAX;

	if (l != NULL && l->interval_ms > 0)
		n = ms / l->interval_ms;
	if (l != NULL && l->rate > 0 && l->rate * ms / l->rate_ms < n)
		n = l->rate * ms / l->rate_ms;
	return n == INT64_MAX ? SIZE_MAX : n > 0 ? (size_t)n : 1;
}

void
shape_init(void (*go)(struct shape_user *u))
{
	map_init(&shapes.by_name);
	TAILQ_INIT(&shapes.unused);
	shapes.go = go;
}
