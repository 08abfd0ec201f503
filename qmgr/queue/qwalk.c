/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/qwalk.h"

#include <string.h>

#include <bsd/string.h>

#include "qmgr/queue/entry.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/qindex.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/queue/waiting_inner.h"

void
qwalk_begin(struct qwalk *w, struct slice after)
{
	struct err err = { 0 };

	*w = (struct qwalk){ 0 };
	arena_init(&w->arena);
	/* One that is cut would come too early: seen twice, never left out. */
	slice_copy(slice_sub(after, 0, sizeof w->at - 1), w->at, sizeof w->at);
	waiting_flush();
	w->at_end = !waiting_usable();
	if (!w->at_end && qindex_walk(slice_str(w->at), &err) == -1) {
		waiting_fail(&err);
		w->at_end = true;
	}
}

static void
look_ahead(struct qwalk *w)
{
	struct err err = { 0 };
	enum found f;

	if (w->has_ahead || w->at_end)
		return;
	f = qindex_walk_next(&w->arena, &w->ahead, &err);
	w->has_ahead = f == FOUND;
	w->at_end = f != FOUND;
	if (f == TEMPFAIL)
		waiting_fail(&err);
}

/* What memory knows of E counts; R is its record, or empty. */
static void
from_memory(struct qrecord *r, const struct entry *e)
{
	if (e->state == ENTRY_ACTIVE || e->unwritten != NULL)
		r->known = r->whole = false;
	strlcpy(r->id, e->id, sizeof r->id);
	r->state = e->state;
	r->place = e->place;
	r->attempts = e->attempts;
	r->arrived_us = e->arrived_us;
	r->next_ms = waiting_due_ms(e);
}

bool
qwalk_next(struct qwalk *w, struct qrecord *r)
{
	const struct entry *e = entry_after(slice_str(w->at));
	int order;

	message_free(&w->loaded);
	look_ahead(w);
	if (e == NULL && !w->has_ahead)
		return false;
	order = e == NULL ? 1 : !w->has_ahead ? -1 : strcmp(e->id, w->ahead.id);
	if (order >= 0) {
		*r = w->ahead;
		w->has_ahead = false;
	} else
		*r = (struct qrecord){ 0 };
	if (order <= 0)
		from_memory(r, e);
	strlcpy(w->at, r->id, sizeof w->at);
	return true;
}

/* Of one that is away and has no record R is empty. */
void
qwalk_one(struct qwalk *w, struct qrecord *r, const char *id)
{
	const struct entry *e = entry_find(slice_str(id));
	struct err err = { 0 };

	*w = (struct qwalk){ .at_end = true };
	arena_init(&w->arena);
	*r = (struct qrecord){ 0 };
	if (waiting_usable() &&
	    qindex_get(slice_str(id), &w->arena, r, &err) == TEMPFAIL)
		waiting_fail(&err);
	strlcpy(r->id, id, sizeof r->id);
	if (e != NULL)
		from_memory(r, e);
}

/* The message of R, not to be changed. */
static const struct message *
message_of(struct qwalk *w, const struct qrecord *r, struct entry *tmp)
{
	struct entry *e = entry_find(slice_str(r->id));
	uint32_t attempts;

	if (e != NULL && e->message != NULL)
		return e->message;
	w->loads++;
	if (e == NULL) {
		*tmp = (struct entry){ .state = r->state, .place = r->place };
		strlcpy(tmp->id, r->id, sizeof tmp->id);
		e = tmp;
	}
	attempts = e->attempts;
	w->loaded = message_load(e, NULL);
	e->attempts = attempts;
	return w->loaded;
}

bool
qwalk_know(struct qwalk *w, struct qrecord *r, bool whole)
{
	const struct qrecord before = *r;
	const struct message *m;
	struct entry tmp = { 0 };

	if (r->known && (!whole || r->whole))
		return true;
	m = message_of(w, r, &tmp);
	if (m != NULL) {
		qrecord_of(r, m, &w->arena);
		r->state = before.state;
		r->attempts = before.attempts;
		r->arrived_us = before.arrived_us;
	}
	entry_written(&tmp);
	/* It is no entry that others may look at. */
	if (w->loaded != NULL && w->loaded->entry == &tmp)
		w->loaded->entry = NULL;
	return m != NULL;
}

void
qwalk_end(struct qwalk *w)
{
	message_free(&w->loaded);
	qindex_walk_end();
	arena_fini(&w->arena);
}
