/* SPDX-License-Identifier: ISC */
#include "qmgr/entry.h"

#include <stdlib.h>

#include <bsd/string.h>

#include "base/map.h"
#include "base/mem.h"
#include "log/metric.h"

static struct {
	TAILQ_HEAD(entries, entry) all;
	struct map by_id;
	struct heap due;
} table;

static struct metric messages = { .name = "pabal_qmgr_messages",
	.help = "Messages in the queue.",
	.type = METRIC_GAUGE };

void
entry_init(void)
{
	TAILQ_INIT(&table.all);
	map_init(&table.by_id);
	heap_init(&table.due);
	metric_register(&messages);
}

/* Nearly always at the end; the scan at the start brings them in any order. */
static void
insert_by_arrival(struct entry *e)
{
	struct entry *before;

	TAILQ_FOREACH_REVERSE(before, &table.all, entries, all)
	if (before->arrived_us <= e->arrived_us) {
		TAILQ_INSERT_AFTER(&table.all, before, e, all);
		return;
	}
	TAILQ_INSERT_HEAD(&table.all, e, all);
}

struct entry *
entry_add(const char *id, enum spool_place place, int64_t arrived_us)
{
	struct entry *e;

	if (map_find(&table.by_id, slice_str(id)) != NULL)
		return NULL;
	e = xcalloc(1, sizeof *e);
	strlcpy(e->id, id, sizeof e->id);
	e->place = (uint8_t)place;
	e->arrived_us = arrived_us;
	e->state = ENTRY_WAITING;
	map_put(&table.by_id, slice_str(e->id), e);
	insert_by_arrival(e);
	metric_set(&messages, (int64_t)table.by_id.count);
	return e;
}

void
entry_reorder(struct entry *e)
{
	TAILQ_REMOVE(&table.all, e, all);
	insert_by_arrival(e);
}

struct entry *
entry_find(struct slice id)
{
	return map_find(&table.by_id, id);
}

void
entry_free(struct entry **ep)
{
	struct entry *e = *ep;

	heap_del(&table.due, &e->due);
	map_del(&table.by_id, slice_str(e->id));
	TAILQ_REMOVE(&table.all, e, all);
	metric_set(&messages, (int64_t)table.by_id.count);
	xfree(ep);
}

uint64_t
entry_count(void)
{
	return table.by_id.count;
}

void
entry_wait(struct entry *e, int64_t at_ms)
{
	e->state = ENTRY_WAITING;
	e->message = NULL;
	heap_put(&table.due, &e->due, at_ms);
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
	return e == NULL ? TAILQ_FIRST(&table.all) : TAILQ_NEXT(e, all);
}

struct entry *
entry_from(int64_t arrived_us)
{
	struct entry *e, *hit = NULL;

	TAILQ_FOREACH_REVERSE(e, &table.all, entries, all)
	{
		if (e->arrived_us < arrived_us)
			break;
		hit = e;
	}
	return hit;
}
