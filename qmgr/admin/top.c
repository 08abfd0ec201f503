/* SPDX-License-Identifier: ISC */
/*
 * How many messages have something in common: first what the index counts, then
 * what it does not, message by message, which is little: those with more
 * recipients than a record holds, and those in memory, of which some are
 * counted as they were before their attempt.  What is counted wrong is taken
 * off: less=1 instead of messages=1.
 *
 * A cursor is a letter for where it stands, and a key or an id.
 */
#include <bsd/string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "ipc/ipc.h"
#include "qmgr/admin/admin.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/qindex.h"
#include "qmgr/queue/qindex_counts.h"
#include "qmgr/queue/qwalk.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/queue/waiting_inner.h"
#include "queue/envelope_text.h"

enum {
	TEXT_BYTES = 50000,  /* then the page is full */
	ROOM_BYTES = 8000,   /* for the groups of one message more */
	LOOKS_A_CALL = 2000, /* messages in memory */
	LOADS_A_CALL = 100,  /* files */
	CURSOR_MAX = 600,
};

static const char stages[] = "CWE"; /* counts, not whole, entries */

struct topped {
	enum qgroup_kind kind;
	struct buf text, cursor;
	const struct qrecord *r; /* whose groups are told */
	const char *word;
	size_t at, from; /* of its groups; those before FROM are told already */
	bool cut;        /* the page did not take all of them */
};

static bool
is_full(const struct topped *t)
{
	return t->text.n > TEXT_BYTES;
}

static void
set_cursor(struct topped *t, char stage, struct slice at)
{
	buf_reset(&t->cursor);
	buf_addc(&t->cursor, stage);
	buf_add(&t->cursor, at);
}

static void
tell(struct topped *t, struct slice name, const char *word, int64_t messages,
    int64_t bytes, int64_t oldest_s)
{
	buf_addf(&t->text, "%s=%lld bytes=%lld oldest=%lld name=", word,
	    (long long)messages, (long long)bytes, (long long)oldest_s);
	envelope_escape(&t->text, name);
	buf_addc(&t->text, '\n');
}

/* ---- what is counted ---- */

static enum found
count_pages(struct topped *t, struct slice after, struct err *err)
{
	struct qcount c;
	enum found f;

	if (qindex_counts(err) == -1)
		return TEMPFAIL;
	while ((f = qindex_counts_next(t->kind, after, &c, err)) == FOUND) {
		tell(t, c.name, "messages", c.messages, c.bytes, c.oldest_s);
		set_cursor(t, 'C', c.key);
		if (is_full(t))
			break;
	}
	qindex_walk_end();
	return f;
}

/* ---- what is not ---- */

static void
on_group(void *arg, enum qgroup_kind kind, struct slice name)
{
	struct topped *t = arg;

	(void)kind;
	t->cut |= t->text.n > TEXT_BYTES + ROOM_BYTES;
	if (!t->cut && t->at++ >= t->from)
		tell(t, name, t->word, 1, t->r->size,
		    t->r->arrived_us / 1000000);
}

static void
tell_record(struct topped *t, const struct qrecord *r, const char *word)
{
	t->r = r;
	t->word = word;
	t->at = 0;
	qgroup_each(r, t->kind, on_group, t);
}

/* Is what the index counts of E not what is so? */
static bool
is_otherwise(const struct entry *e)
{
	return e != NULL && (!e->indexed || e->state == ENTRY_ACTIVE ||
				e->unwritten != NULL);
}

/* The message ID as it is now, from its group FROM on. */
static void
tell_now(struct topped *t, char stage, const char *id, size_t from)
{
	struct buf at = { .max = CURSOR_MAX };
	struct qwalk w;
	struct qrecord r;

	t->from = from;
	qwalk_one(&w, &r, id);
	if (qwalk_know(&w, &r, qgroup_needs_whole(t->kind)))
		tell_record(t, &r, "messages");
	qwalk_end(&w);
	t->from = 0;
	buf_adds(&at, id);
	if (t->cut)
		buf_addf(&at, " %zu", t->at);
	set_cursor(t, stage, buf_slice(&at));
	buf_fini(&at);
}

/* AT is an id, or an id and how many of its groups are told: the rest of that
 * one.  The id in AFTER. */
static void
tell_rest(struct topped *t, char stage, struct slice at,
    char after[ENVELOPE_ID_BYTES])
{
	struct slice number;
	const struct slice id = slice_cut(at, ' ', &number);
	struct cur c = cur_of(number);

	slice_copy(
	    slice_sub(id, 0, ENVELOPE_ID_BYTES - 1), after, ENVELOPE_ID_BYTES);
	if (number.n > 0)
		tell_now(t, stage, after, (size_t)cur_u64(&c, UINT32_MAX));
}

static enum found
partial_page(struct topped *t, struct slice at, struct err *err)
{
	char after[ENVELOPE_ID_BYTES];
	char ids[LOADS_A_CALL][ENVELOPE_ID_BYTES];
	size_t n = 0;
	enum found f = ABSENT;

	if (!qgroup_needs_whole(t->kind))
		return ABSENT;
	tell_rest(t, 'W', at, after);
	if (is_full(t))
		return FOUND;
	if (qindex_walk(slice_str(after), err) == -1)
		return TEMPFAIL;
	while (
	    n < LOADS_A_CALL && (f = qindex_partial_next(ids[n], err)) == FOUND)
		n++;
	qindex_walk_end();
	for (size_t i = 0; i < n; i++) {
		set_cursor(t, 'W', slice_str(ids[i]));
		if (!is_otherwise(entry_find(slice_str(ids[i]))))
			tell_now(t, 'W', ids[i], 0);
		if (is_full(t))
			return FOUND;
	}
	return f;
}

static enum found
take_off(struct topped *t, const struct entry *e, struct err *err)
{
	struct qrecord r;
	struct arena a;
	enum found f;

	arena_init(&a);
	f = qindex_get(slice_str(e->id), &a, &r, err);
	if (f == FOUND && (r.whole || !qgroup_needs_whole(t->kind)))
		tell_record(t, &r, "less");
	arena_fini(&a);
	return f;
}

static enum found
entry_page(struct topped *t, struct slice at, struct err *err)
{
	char after[ENVELOPE_ID_BYTES];
	const struct entry *e;

	tell_rest(t, 'E', at, after);
	e = entry_after(slice_str(after));
	for (unsigned n = 0; e != NULL; e = entry_next(e)) {
		if (n++ == LOOKS_A_CALL || is_full(t))
			return FOUND;
		set_cursor(t, 'E', slice_str(e->id));
		if (!is_otherwise(e))
			continue;
		if (e->indexed && waiting_usable() &&
		    take_off(t, e, err) == TEMPFAIL)
			return TEMPFAIL;
		tell_now(t, 'E', e->id, 0);
	}
	return ABSENT;
}

/* ---- pages ---- */

/* FOUND: there is more. */
static enum found
page(struct topped *t, char stage, struct slice at, struct err *err)
{
	if (stage == 'E')
		return entry_page(t, at, err);
	if (!waiting_usable())
		return ABSENT;
	return stage == 'W' ? partial_page(t, at, err)
			    : count_pages(t, at, err);
}

static bool
answer(struct topped *t, struct slice cursor)
{
	const char *stage = stages;
	struct err err = { 0 };
	enum found f;

	if (cursor.n > 0 && memchr(stages, cursor.p[0], 3) != NULL)
		stage = strchr(stages, cursor.p[0]);
	f = page(t, *stage, slice_from(cursor, 1), &err);
	if (f == TEMPFAIL)
		waiting_fail(&err);
	if (f == FOUND)
		return true;
	if (stage[1] == '\0')
		return false;
	set_cursor(t, stage[1], SLICE(""));
	return true;
}

void
admin_on_top(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_top *q = &m->queue_top;
	struct topped t = { .text = { .max = MSG_MAX_BYTES - CURSOR_MAX - 256 },
		.cursor = { .max = CURSOR_MAX } };
	const bool ok = qgroup_named(q->by, &t.kind);
	bool more;

	waiting_flush();
	more = ok && answer(&t, q->cursor);
	IPC_SEND(peer, queue_topped, .id = q->id, .ok = ok, .more = more,
	    .cursor = buf_slice(&t.cursor), .text = buf_slice(&t.text));
	buf_fini(&t.text);
	buf_fini(&t.cursor);
}
