/* SPDX-License-Identifier: ISC */
/* What an administrator does to messages.  The file comes first, then the
 * index: what was changed after the index is read at a start. */
#include <stdlib.h>
#include <sys/queue.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ev/work.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "qmgr/admin/admin.h"
#include "qmgr/admin/select.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/tail.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/run/dest.h"
#include "qmgr/run/pump.h"
#include "qmgr/run/round.h"
#include "sys/clock.h"

enum {
	ACTS_A_CALL = 200,
	REMOVALS_MAX = 20000, /* files that are still to be unlinked */
	LOOK_AGAIN_MS = 10,
};

/* An order that waits until the disk has done what was ordered before. */
struct waiting_order {
	LIST_ENTRY(waiting_order) link;
	struct ipc *peer;
	uint64_t id;
	struct buf verb, filter, cursor;
};

static struct {
	LIST_HEAD(, waiting_order) waiting; /* all zero is empty */
	struct ev_timer look;
} orders;

static bool
note_in_file(struct entry *e, const char *word)
{
	struct buf line = { .max = 100 };
	struct err err = { 0 };
	int rc;

	note_word(&line, word, clock_wall_us() / 1000);
	rc = tail_append(e, &line, &err);
	buf_fini(&line);
	if (rc == -1)
		log_err(
		    "spool.failed", kv_s("qid", e->id), kv_s("why", err.text));
	return rc == 0;
}

/* What became of an entry that a verb was meant for. */
enum acted { NOT_DONE, DONE, WHEN_ENDED /* when its attempt has ended */ };

static enum acted
do_hold(struct entry *e)
{
	if (e->state == ENTRY_HELD)
		return NOT_DONE;
	if (e->state == ENTRY_ACTIVE) {
		e->hold_wanted = true;
		return WHEN_ENDED;
	}
	if (!note_in_file(e, "held"))
		return NOT_DONE;
	log_info("mail.held", kv_s("qid", e->id));
	entry_hold(e);
	waiting_change(e);
	return DONE;
}

static enum acted
do_release(struct entry *e)
{
	e->hold_wanted = false;
	if (e->state != ENTRY_HELD || !note_in_file(e, "released"))
		return NOT_DONE;
	log_info("mail.released", kv_s("qid", e->id));
	entry_wait(e, 0);
	waiting_change(e);
	return DONE;
}

static enum acted
do_retry(struct entry *e)
{
	if (e->state != ENTRY_WAITING)
		return NOT_DONE;
	entry_wait(e, 0);
	waiting_change(e);
	return DONE;
}

static enum acted
do_delete(struct entry *e)
{
	return round_delete(e) ? DONE : WHEN_ENDED;
}

struct verb {
	const char *name;
	enum acted (*act)(struct entry *e);
};

static const struct verb verbs[] = {
	{ "hold", do_hold },
	{ "release", do_release },
	{ "retry", do_retry },
	{ "flush", do_retry },
	{ "delete", do_delete },
};

static const struct verb *
find_verb(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_is(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

/* Those of this call, as far as time goes; what is done to them changes what is
 * walked. */
static size_t
collect(struct selection *w, char ids[ACTS_A_CALL][ENVELOPE_ID_BYTES])
{
	struct qrecord r;
	size_t n = 0;

	while (!w->more && select_next(w, false, &r)) {
		strlcpy(ids[n], r.id, ENVELOPE_ID_BYTES);
		w->more = ++n == ACTS_A_CALL;
	}
	select_end(w);
	return n;
}

static enum acted
act_on(const struct verb *verb, const char *id)
{
	struct entry *e = waiting_recall(slice_str(id));
	enum acted acted;

	if (e == NULL)
		return NOT_DONE;
	acted = verb->act(e);
	if (acted == NOT_DONE)
		waiting_settle(e);
	return acted;
}

/* Of the N ids so many are done that a turn of the loop stays short; the cursor
 * goes no further. */
static void
act_on_each(struct selection *w, const struct verb *verb,
    char ids[ACTS_A_CALL][ENVELOPE_ID_BYTES], size_t n,
    uint64_t done[WHEN_ENDED + 1])
{
	work_begin();
	for (size_t i = 0; i < n; i++) {
		done[act_on(verb, ids[i])]++;
		if (i + 1 < n && work_spent()) {
			strlcpy(w->cursor, ids[i], sizeof w->cursor);
			w->more = true;
			return;
		}
	}
}

static void
act(struct ipc *peer, const struct msg_queue_act *q)
{
	const struct verb *verb = find_verb(q->verb);
	char ids[ACTS_A_CALL][ENVELOPE_ID_BYTES];
	struct err err = { 0 };
	struct selection w;
	uint64_t n[WHEN_ENDED + 1] = { 0 };

	if (verb == NULL)
		err_set(&err, ERR_PERM, "no such verb");
	if (verb == NULL ||
	    select_start(&w, peer, q->filter, q->cursor, &err) == -1) {
		IPC_SEND(peer, queue_acted, .id = q->id, .ok = false,
		    .why = slice_str(err.text));
		return;
	}
	act_on_each(&w, verb, ids, collect(&w, ids), n);
	/* In the index, too, before anybody is told that it is done. */
	waiting_flush();
	if (verb->act == do_retry && q->cursor.n == 0)
		dest_flush();
	pump_now();
	IPC_SEND(peer, queue_acted, .id = q->id, .ok = true, .more = w.more,
	    .cursor = slice_str(w.cursor), .messages = n[DONE],
	    .active = n[WHEN_ENDED]);
}

/* ---- one after the other ---- */

static void
order_free(struct waiting_order *o)
{
	buf_fini(&o->verb);
	buf_fini(&o->filter);
	buf_fini(&o->cursor);
	free(o);
}

static void
on_look(struct ev_timer *t)
{
	struct waiting_order *o = LIST_FIRST(&orders.waiting);

	if (o != NULL && spool_removals() < REMOVALS_MAX) {
		const struct msg_queue_act q = { .id = o->id,
			.verb = buf_slice(&o->verb),
			.filter = buf_slice(&o->filter),
			.cursor = buf_slice(&o->cursor) };

		LIST_REMOVE(o, link);
		act(o->peer, &q);
		order_free(o);
	}
	if (!LIST_EMPTY(&orders.waiting))
		ev_timer_set(t, LOOK_AGAIN_MS);
}

static void
wait_for_disk(struct ipc *peer, const struct msg_queue_act *q)
{
	struct waiting_order *o = xcalloc(1, sizeof *o);

	o->verb = o->filter = o->cursor = (struct buf){ .max = MSG_MAX_BYTES };
	o->peer = peer;
	o->id = q->id;
	buf_add(&o->verb, q->verb);
	buf_add(&o->filter, q->filter);
	buf_add(&o->cursor, q->cursor);
	if (LIST_EMPTY(&orders.waiting)) {
		ev_timer_init(&orders.look, on_look);
		ev_timer_set(&orders.look, LOOK_AGAIN_MS);
	}
	LIST_INSERT_HEAD(&orders.waiting, o, link);
}

static struct waiting_order *
find_order(const struct ipc *peer)
{
	struct waiting_order *o;

	LIST_FOREACH(o, &orders.waiting, link)
	if (o->peer == peer)
		break;
	return o;
}

void
admin_on_act(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_act *q = &m->queue_act;

	if (find_order(peer) != NULL)
		ipc_drop(peer, "two orders at once");
	else if (spool_removals() >= REMOVALS_MAX)
		wait_for_disk(peer, q);
	else
		act(peer, q);
}

void
admin_forget(struct ipc *peer)
{
	struct waiting_order *o = find_order(peer);

	if (o == NULL)
		return;
	LIST_REMOVE(o, link);
	order_free(o);
}
