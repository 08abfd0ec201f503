/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/entry.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "base/must.h"
#include "log/metric.h"
#include "qmgr/queue/crowd.h"
#include "qmgr/queue/entry_away.h"
#include "sys/clock.h"

enum { SURE_MS = 3600000 };

static int
by_id(struct entry *a, struct entry *b)
{
	return strcmp(a->id, b->id);
}

RB_HEAD(entries, entry);
RB_GENERATE_INTERNAL(entries, entry, all, by_id, __attribute__((unused)) static)

static struct {
	struct entries all;
	uint64_t count;
	uint64_t away;
	struct heap due;
	int64_t ahead_us; /* of clock_us the wall clock was, at the start */
} table;

static struct metric messages = { .name = "pabal_qmgr_messages",
	.help = "Messages in the queue.",
	.type = METRIC_GAUGE };

static void
say_count(void)
{
	metric_set(&messages, (int64_t)entry_count());
}

void
entry_init(void)
{
	RB_INIT(&table.all);
	table.count = table.away = 0;
	heap_fini(&table.due);
	crowd_init();
	table.ahead_us = clock_wall_us() - clock_us();
	metric_register(&messages);
}

struct entry *
entry_unlisted(const char *id, enum spool_place place, int64_t arrived_us)
{
	struct entry *e = xcalloc(1, sizeof *e);

	strlcpy(e->id, id, sizeof e->id);
	e->place = (uint8_t)place;
	e->arrived_us = arrived_us;
	e->seen_ms = clock_ms();
	e->state = ENTRY_WAITING;
	e->unlisted = true;
	return e;
}

static bool
put_in_list(struct entry *e)
{
	if (RB_INSERT(entries, &table.all, e) != NULL)
		return false;
	e->unlisted = false;
	table.count++;
	say_count();
	return true;
}

void
entry_list(struct entry *e)
{
	must(put_in_list(e));
}

struct entry *
entry_add(const char *id, enum spool_place place, int64_t arrived_us)
{
	struct entry *e = entry_unlisted(id, place, arrived_us);

	if (!put_in_list(e))
		xfree(&e);
	return e;
}

struct entry *
entry_find(struct slice id)
{
	struct entry key;

	if (id.n >= sizeof key.id)
		return NULL;
	slice_copy(id, key.id, sizeof key.id);
	return RB_FIND(entries, &table.all, &key);
}

void
entry_written(struct entry *e)
{
	if (e->unwritten == NULL)
		return;
	buf_fini(&e->unwritten->lines);
	xfree(&e->unwritten);
}

void
entry_free(struct entry **ep)
{
	struct entry *e = *ep;

	must(e->change == NULL);
	heap_del(&table.due, &e->due);
	entry_written(e);
	if (e->crowded)
		crowd_del(
		    &(struct crowd_of){ e->at_site, e->of_login, e->urgent });
	if (!e->unlisted) {
		RB_REMOVE(entries, &table.all, e);
		table.count--;
		say_count();
	}
	xfree(ep);
}

uint64_t
entry_count(void)
{
	return table.count + table.away;
}

void
entry_evict(struct entry **e)
{
	must((*e)->state != ENTRY_ACTIVE && (*e)->unwritten == NULL);
	table.away++;
	entry_free(e);
}

struct entry *
entry_recall(
    const char *id, enum spool_place place, int64_t arrived_us, int64_t seen_ms)
{
	struct entry *e = entry_add(id, place, arrived_us);

	if (e == NULL)
		return NULL;
	e->seen_ms = seen_ms;
	entry_set_away(table.away > 0 ? table.away - 1 : 0);
	return e;
}

void
entry_crowd(struct entry *e, const struct crowd_of *of)
{
	must(!e->crowded);
	e->crowded = true;
	e->at_site = of->site;
	e->of_login = of->login;
	e->urgent = of->urgent != 0;
	crowd_add(of);
}

void
entry_set_away(uint64_t n)
{
	table.away = n;
	say_count();
}

uint64_t
entry_away(void)
{
	return table.away;
}

void
entry_wait(struct entry *e, int64_t at_ms)
{
	const int64_t now_us = clock_wall_us();

	if (at_ms <= 0) /* a clock that was set back must not delay it */
		at_ms =
		    (e->arrived_us < now_us ? e->arrived_us : now_us) / 1000;
	entry_wait_until(e, clock_ms() + at_ms - now_us / 1000);
}

void
entry_wait_until(struct entry *e, int64_t at_ms)
{
	e->state = ENTRY_WAITING;
	e->message = NULL;
	heap_put(&table.due, &e->due, at_ms);
}

size_t
entry_waiting(void)
{
	return table.due.n;
}

int64_t
entry_wait_ms(const struct entry *e)
{
	return e->due.key - clock_ms();
}

int64_t
entry_age_ms(const struct entry *e)
{
	const int64_t ms = (clock_wall_us() - e->arrived_us) / 1000;

	return ms > 0 ? ms : 0;
}

bool
entry_is_older(const struct entry *e, int64_t ms)
{
	const int64_t seen_ms = clock_ms() - e->seen_ms;
	/* as old as it would be had nobody set the wall clock since */
	const int64_t then_ms =
	    (clock_us() + table.ahead_us - e->arrived_us) / 1000;

	return seen_ms >= ms ||
	       (seen_ms >= SURE_MS && then_ms >= ms && entry_age_ms(e) >= ms);
}

void
entry_hold(struct entry *e)
{
	heap_del(&table.due, &e->due);
	e->state = ENTRY_HELD;
	e->message = NULL;
	e->hold_wanted = false;
}

void
entry_activate(struct entry *e, struct message *m)
{
	heap_del(&table.due, &e->due);
	e->state = ENTRY_ACTIVE;
	e->message = m;
}

struct entry *
entry_first_due(void)
{
	struct heap_node *node = heap_first(&table.due);

	return node != NULL ? OUTER(node, struct entry, due) : NULL;
}

struct entry *
entry_next(const struct entry *e)
{
	if (e == NULL)
		return RB_MIN(entries, &table.all);
	return entry_after(slice_str(e->id));
}

struct entry *
entry_after(struct slice id)
{
	struct entry key, *e;

	/* One that is cut would come too early: seen twice, never left out. */
	slice_copy(slice_sub(id, 0, sizeof key.id - 1), key.id, sizeof key.id);
	e = RB_NFIND(entries, &table.all, &key);
	if (e != NULL && strcmp(e->id, key.id) == 0)
		e = RB_NEXT(entries, &table.all, e);
	return e;
}
