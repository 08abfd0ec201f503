/* SPDX-License-Identifier: ISC */
/*
 * Messages that wait: in memory (qmgr/queue/entry.h), in the index
 * (qmgr/queue/qindex.h), or both.  In memory is what is active, what is due in
 * the next moment, and what the index does not have yet; all else that waits
 * or is held is away, and comes back when its time has come or somebody asks
 * for it.  Without an index everything is in memory.
 *
 * What the index is to be told is collected, and written in one transaction
 * when a turn of the loop ends, or before the index is read.  The steps are
 * such that after the end of the process at any moment a record is right, or
 * its file is younger than the index, and is read; a message without a record
 * is found by its name, and a record without a message dropped
 * (doc/queue-format.md).
 *
 * Times in records are of the queue's clock: the wall clock, as it would be had
 * nobody set it since the index was made.  So waits go on over a restart as
 * they do while the process runs.
 *
 * The window: of those that the index has by the time of their attempt, all up
 * to `window` are in memory.  It goes forward as they become due, a number at a
 * time, and back when one goes away that is due before; what it meets again is
 * in memory already, and so is what came out of its turn (qmgr/queue/ahead.h).
 * It does not go forward while anything in memory is due: others' turn would
 * come later for it.
 */
#include "qmgr/queue/waiting.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/entry_away.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/qindex.h"
#include "qmgr/queue/spool_names.h"
#include "qmgr/queue/waiting_inner.h"
#include "qmgr/queue/waiting_window.h"
#include "sys/clock.h"
#include "sys/filetime.h"

enum {
	AHEAD_MS = 5000,   /* due within this long: stays in memory */
	HERE_MAX = 500,    /* of those, unless active_limit is less */
	KEYS = 64,         /* read at once */
	LOSSES_MAX = 3,    /* then it is done without an index */
	VALUE_MAX = 16384, /* of a record */
};

/* What the index is to be told of a message. */
struct waiting_change {
	TAILQ_ENTRY(waiting_change) link;
	struct entry *entry; /* NULL: gone from here */
	bool remove;
	bool to_cur; /* its file goes there */
	struct buf value;
	char id[ENVELOPE_ID_BYTES];
};

static struct {
	void (*rescan)(void);
	int spool_dir;
	const char *boot_id;
	TAILQ_HEAD(changes, waiting_change) changes;
	size_t nchanges;
	struct ev_task write;
	struct ev_task lose;
	bool failing; /* it is about to be lost */
	unsigned losses;
	char why[200];
	struct qindex_due window;
	int64_t lead_ms; /* of the queue's clock over clock_ms */
	int64_t began_ms;
	int64_t as_of_ns; /* of records that an earlier process wrote */
	bool seen_all;    /* they have been compared with their files */
	uint32_t life;
} waiting;

int64_t
waiting_now_ms(void)
{
	return clock_ms() + waiting.lead_ms;
}

int64_t
waiting_wall_ms(int64_t queue_ms)
{
	return clock_wall_us() / 1000 + queue_ms - waiting_now_ms();
}

bool
waiting_usable(void)
{
	return qindex_is_open() && !waiting.failing;
}

/* Later, because who calls may be in the middle of it. */
void
waiting_fail(const struct err *err)
{
	if (waiting.failing)
		return;
	waiting.failing = true;
	strlcpy(waiting.why, err->text, sizeof waiting.why);
	ev_task_queue(&waiting.lose);
}

static struct qindex_due
due_of(const struct entry *e)
{
	struct qindex_due due = { .ms = e->due.key + waiting.lead_ms };

	strlcpy(due.id, e->id, sizeof due.id);
	return due;
}

int64_t
waiting_due_ms(const struct entry *e)
{
	return due_of(e).ms;
}

/* ---- going away ---- */

static size_t
here_max(void)
{
	return qmgr_conf->active_limit < HERE_MAX ? qmgr_conf->active_limit
						  : HERE_MAX;
}

/* What only memory knows keeps it here. */
static bool
may_go(const struct entry *e)
{
	return waiting_usable() && e->indexed && e->state != ENTRY_ACTIVE &&
	       e->change == NULL && e->unwritten == NULL && !e->hold_wanted &&
	       !e->delete_wanted;
}

void
waiting_settle(struct entry *e)
{
	struct qindex_due due;

	if (!may_go(e))
		return;
	if (e->state == ENTRY_WAITING) {
		due = due_of(e);
		if (due.ms <= waiting_now_ms() + AHEAD_MS &&
		    entry_waiting() <= here_max())
			return;
		due.id[0] = '\0';
		if (qindex_due_cmp(&due, &waiting.window) < 0)
			waiting.window = due;
	}
	entry_evict(&e);
}

/* ---- telling the index ---- */

static void
move_to_cur(struct entry *e)
{
	struct err err = { 0 };

	if (e->place == SPOOL_NEW &&
	    spool_move(e->id, SPOOL_NEW, SPOOL_CUR, &err) == 0)
		e->place = SPOOL_CUR;
}

static void
change_free(struct waiting_change *c)
{
	TAILQ_REMOVE(&waiting.changes, c, link);
	waiting.nchanges--;
	if (c->entry != NULL)
		c->entry->change = NULL;
	buf_fini(&c->value);
	free(c);
}

/* The change that is under way for E, or a new one. */
static struct waiting_change *
change_of(struct entry *e, const char *id)
{
	struct waiting_change *c = e != NULL ? e->change : NULL;

	if (c != NULL) {
		buf_reset(&c->value);
		return c;
	}
	c = xcalloc(1, sizeof *c);
	strlcpy(c->id, id, sizeof c->id);
	buf_init(&c->value, VALUE_MAX);
	c->entry = e;
	if (e != NULL)
		e->change = c;
	TAILQ_INSERT_TAIL(&waiting.changes, c, link);
	waiting.nchanges++;
	ev_task_queue_last(&waiting.write);
	return c;
}

static int
apply(struct err *err)
{
	struct waiting_change *c;
	int rc = 0;

	TAILQ_FOREACH(c, &waiting.changes, link)
	{
		const struct slice id = slice_str(c->id);

		rc = c->remove ? qindex_del(id, err)
			       : qindex_put(id, buf_slice(&c->value), err);
		if (rc == -1)
			break;
	}
	return rc;
}

static void
applied(struct waiting_change *c)
{
	struct entry *e = c->entry;
	const bool to_cur = c->to_cur;

	change_free(c);
	if (e == NULL)
		return;
	e->indexed = true;
	if (to_cur)
		move_to_cur(e);
	waiting_settle(e);
}

static void
write_changes(void)
{
	struct qindex_meta meta = { .life = waiting.life,
		.skew_ms = clock_wall_us() / 1000 - waiting_now_ms(),
		.as_of_ns =
		    waiting.seen_all ? filetime_now_ns() : waiting.as_of_ns };
	struct err err = { 0 };

	if (qindex_begin(waiting.nchanges, &err) == -1 || apply(&err) == -1 ||
	    qindex_commit(&meta, &err) == -1) {
		qindex_abort();
		waiting_fail(&err);
		return;
	}
	while (!TAILQ_EMPTY(&waiting.changes))
		applied(TAILQ_FIRST(&waiting.changes));
}

void
waiting_flush(void)
{
	ev_task_cancel(&waiting.write);
	if (!TAILQ_EMPTY(&waiting.changes) && waiting_usable())
		write_changes();
}

static void
on_write(struct ev_task *task)
{
	(void)task;
	waiting_flush();
}

/* R is what is to be known of E, whose state and time count. */
static void
put_record(struct entry *e, struct qrecord *r, bool to_cur)
{
	struct waiting_change *c = change_of(e, e->id);

	c->to_cur |= to_cur;
	r->state = e->state;
	r->place = c->to_cur ? SPOOL_CUR : e->place;
	r->attempts = e->attempts;
	r->soons = e->soons;
	r->next_ms = e->state == ENTRY_WAITING ? due_of(e).ms : 0;
	r->seen_ms = e->seen_ms + waiting.lead_ms;
	r->life = waiting.life;
	qrecord_put(&c->value, r);
}

/* A file that is behind is not what a record may say. */
static bool
may_tell(const struct entry *e)
{
	return waiting_usable() && e->unwritten == NULL;
}

void
waiting_put(struct message *m, bool put_off)
{
	struct entry *e = m->entry;
	struct qrecord r = { 0 };
	struct arena a;

	if (!may_tell(e)) {
		if (put_off)
			move_to_cur(e);
		return;
	}
	arena_init(&a);
	qrecord_of(&r, m, &a);
	put_record(e, &r, put_off);
	arena_fini(&a);
}

/* The record of E, as it is or is about to be. */
static bool
record_of(const struct entry *e, struct arena *a, struct qrecord *r)
{
	struct err err = { 0 };
	enum found f;

	if (e->change != NULL)
		return qrecord_get(
		    arena_slice(a, buf_slice(&e->change->value)), a, r);
	if (!e->indexed)
		return false;
	f = qindex_get(slice_str(e->id), a, r, &err);
	if (f == TEMPFAIL)
		waiting_fail(&err);
	return f == FOUND;
}

void
waiting_change(struct entry *e)
{
	struct qrecord r;
	struct arena a;

	if (!may_tell(e))
		return;
	arena_init(&a);
	if (record_of(e, &a, &r))
		put_record(e, &r, false);
	arena_fini(&a);
}

void
waiting_drop(struct entry **ep)
{
	struct entry *e = *ep;
	struct waiting_change *c = e->change;

	if (e->indexed && waiting_usable()) {
		c = change_of(e, e->id);
		c->remove = true;
		c->entry = NULL;
		e->change = NULL;
	} else if (c != NULL)
		change_free(c);
	entry_free(ep);
}

/* ---- coming back ---- */

struct entry *
waiting_back(const struct qrecord *r)
{
	struct crowd_of of;
	const int64_t seen_ms = r->life == waiting.life
				    ? r->seen_ms - waiting.lead_ms
				    : waiting.began_ms;
	struct entry *e = entry_recall(
	    r->id, (enum spool_place)r->place, r->arrived_us, seen_ms);

	if (e == NULL)
		return entry_find(slice_str(r->id));
	e->indexed = true;
	of = qrecord_crowd(r);
	entry_crowd(e, &of);
	e->attempts = r->attempts;
	e->soons = r->soons;
	if (r->state == ENTRY_HELD)
		entry_hold(e);
	else
		entry_wait_until(e, r->next_ms - waiting.lead_ms);
	return e;
}

static struct entry *
recall_id(struct slice id)
{
	struct err err = { 0 };
	struct entry *e = NULL;
	struct qrecord r;
	struct arena a;
	enum found f;

	arena_init(&a);
	f = qindex_get(id, &a, &r, &err);
	if (f == FOUND)
		e = waiting_back(&r);
	if (f == TEMPFAIL)
		waiting_fail(&err);
	arena_fini(&a);
	return e;
}

bool
waiting_is_leaving(struct slice id)
{
	const struct waiting_change *c;

	TAILQ_FOREACH(c, &waiting.changes, link)
	if (c->entry == NULL && slice_is(id, c->id))
		return true;
	return false;
}

struct entry *
waiting_recall(struct slice id)
{
	struct entry *e = entry_find(id);
	enum spool_place place;
	struct err err = { 0 };

	if (e == NULL && waiting_usable() && !waiting_is_leaving(id))
		e = recall_id(id);
	if (e == NULL || e->state == ENTRY_ACTIVE || !e->indexed)
		return e;
	place = (enum spool_place)e->place;
	if (spool_find(e->id, &place, &err))
		e->place = (uint8_t)place;
	else if (err.class == ERR_PERM)
		waiting_drop(&e);
	return e;
}

bool
waiting_bring(const char *id)
{
	return entry_find(slice_str(id)) == NULL &&
	       recall_id(slice_str(id)) != NULL;
}

struct qindex_due
waiting_window(void)
{
	return waiting.window;
}

/* FIRST is due in memory, or NULL: bring back what is due before, and go on
 * from there.  True: it is to be called again. */
static bool
fill(const struct entry *first)
{
	const int64_t ahead_ms = waiting_now_ms() + AHEAD_MS;
	const struct qindex_due at =
	    first != NULL ? due_of(first) : (struct qindex_due){ 0 };
	struct qindex_due keys[KEYS];
	struct err err = { 0 };
	bool any = false;
	size_t n;

	if (qindex_due_after(&waiting.window, keys, KEYS, &n, &err) == -1) {
		waiting_fail(&err);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (first != NULL && qindex_due_cmp(&keys[i], &at) >= 0) {
			waiting.window = at;
			return false;
		}
		if (entry_find(slice_str(keys[i].id)) == NULL) {
			if (any && (keys[i].ms > ahead_ms ||
				       entry_waiting() >= here_max()))
				return false;
			any |= recall_id(slice_str(keys[i].id)) != NULL;
		}
		waiting.window = keys[i];
	}
	if (n < KEYS && first != NULL)
		waiting.window = at;
	return n == KEYS && !any;
}

static bool
is_within(const struct entry *e)
{
	const struct qindex_due due = due_of(e);

	return qindex_due_cmp(&due, &waiting.window) <= 0;
}

struct entry *
waiting_first_due(void)
{
	for (;;) {
		struct entry *first = entry_first_due();

		if (!waiting_usable() || entry_away() == 0 ||
		    (first != NULL &&
			(entry_wait_ms(first) <= 0 || is_within(first))))
			return first;
		if (!TAILQ_EMPTY(&waiting.changes))
			waiting_flush();
		else if (!fill(first))
			return entry_first_due();
	}
}

/* ---- for compare.c ---- */

void
waiting_forget(const char *id)
{
	change_of(NULL, id)->remove = true;
	entry_set_away(entry_away() - 1);
}

bool
waiting_is_old(uint32_t life)
{
	return life != waiting.life;
}

int64_t
waiting_as_of_ns(void)
{
	return waiting.as_of_ns;
}

void
waiting_seen_all(void)
{
	waiting.seen_all = true;
}

/* ---- the index itself ---- */

static void
take_meta(const struct qindex_meta *meta)
{
	waiting.life = meta->life + 1;
	waiting.as_of_ns =
	    meta->as_of_ns != 0 ? meta->as_of_ns : filetime_now_ns();
	waiting.seen_all = false;
	waiting.lead_ms = clock_wall_us() / 1000 - meta->skew_ms - clock_ms();
	waiting.window = (struct qindex_due){ .ms = INT64_MIN };
	entry_set_away(meta->waiting + meta->held);
}

void
waiting_open(int spool_dir, const char *boot_id)
{
	struct qindex_meta meta;
	struct err err = { 0 };
	bool kept;

	waiting.spool_dir = spool_dir;
	waiting.boot_id = boot_id;
	if (qindex_open(spool_dir, boot_id, &meta, &kept, &err) == -1)
		log_err("queue.index-unusable", kv_s("why", err.text));
	else if (!kept)
		log_info("queue.index-new");
	take_meta(&meta);
}

static void
forget_changes(void)
{
	while (!TAILQ_EMPTY(&waiting.changes)) {
		struct waiting_change *c = TAILQ_FIRST(&waiting.changes);

		if (c->entry != NULL && c->to_cur)
			move_to_cur(c->entry);
		change_free(c);
	}
}

/* What is in memory stays there until its next attempt. */
static void
on_lose(struct ev_task *task)
{
	struct entry *e = NULL;
	struct qindex_meta meta = { 0 };
	struct err err = { 0 };
	bool kept;

	(void)task;
	forget_changes();
	qindex_drop();
	while ((e = entry_next(e)) != NULL)
		e->indexed = false;
	entry_set_away(0);
	waiting.failing = false;
	waiting.window = (struct qindex_due){ .ms = INT64_MIN };
	waiting.as_of_ns = filetime_now_ns();
	waiting.seen_all = false;
	log_warn("queue.index-lost", kv_s("why", waiting.why));
	err_set(&err, ERR_TEMP, "lost too often");
	if (waiting.losses++ >= LOSSES_MAX ||
	    qindex_open(
		waiting.spool_dir, waiting.boot_id, &meta, &kept, &err) == -1)
		log_err("queue.index-unusable", kv_s("why", err.text));
	waiting.rescan();
}

void
waiting_close(void)
{
	ev_task_cancel(&waiting.write);
	if (waiting_usable())
		write_changes();
	forget_changes();
	if (waiting.failing)
		qindex_drop();
	else
		qindex_close();
}

void
waiting_init(void (*rescan)(void))
{
	TAILQ_INIT(&waiting.changes);
	waiting.nchanges = 0;
	waiting.rescan = rescan;
	waiting.failing = false;
	waiting.losses = 0;
	waiting.life = 0;
	waiting.lead_ms = clock_wall_us() / 1000 - clock_ms();
	waiting.began_ms = clock_ms();
	waiting.window = (struct qindex_due){ .ms = INT64_MIN };
	ev_task_init(&waiting.write, on_write);
	ev_task_init(&waiting.lose, on_lose);
}
