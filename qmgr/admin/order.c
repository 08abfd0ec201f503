/* SPDX-License-Identifier: ISC */
/* What an administrator does to messages.  The file comes first, then the
 * index: what was changed after the index is read at a start. */
#include <bsd/string.h>

#include "base/mem.h"
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

enum { ACTS_A_CALL = 200 };

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

/* Those of this call; what is done to them changes what is walked. */
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

void
admin_on_act(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_act *q = &m->queue_act;
	const struct verb *verb = find_verb(q->verb);
	char ids[ACTS_A_CALL][ENVELOPE_ID_BYTES];
	struct err err = { 0 };
	struct selection w;
	uint64_t n[WHEN_ENDED + 1] = { 0 };
	size_t nids;

	if (verb == NULL)
		err_set(&err, ERR_PERM, "no such verb");
	if (verb == NULL ||
	    select_start(&w, peer, q->filter, q->cursor, &err) == -1) {
		IPC_SEND(peer, queue_acted, .id = q->id, .ok = false,
		    .why = slice_str(err.text));
		return;
	}
	nids = collect(&w, ids);
	for (size_t i = 0; i < nids; i++)
		n[act_on(verb, ids[i])]++;
	/* In the index, too, before anybody is told that it is done. */
	waiting_flush();
	if (verb->act == do_retry)
		dest_flush();
	pump_now();
	IPC_SEND(peer, queue_acted, .id = q->id, .ok = true, .more = w.more,
	    .cursor = slice_str(w.cursor), .messages = n[DONE],
	    .active = n[WHEN_ENDED]);
}
