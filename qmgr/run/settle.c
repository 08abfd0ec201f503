/* SPDX-License-Identifier: ISC */
#include "qmgr/run/settle.h"

#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/notify.h"
#include "qmgr/queue/tail.h"
#include "qmgr/run/direct.h"

static struct {
	void (*begin)(struct message *m);
	void (*ended)(struct message *m);
} on;

void
settle_write(struct message *m)
{
	struct err err = { 0 };

	ev_task_cancel(&m->write_notes);
	if (direct_is_unsaved(m)) /* they go with it when it is saved */
		return;
	if (tail_record(m->entry, &m->notes, &err) == -1)
		log_err("spool.failed", kv_s("qid", m->entry->id),
		    kv_s("why", err.text));
	buf_reset(&m->notes);
}

static void
on_write_notes(struct ev_task *task)
{
	settle_write(OUTER(task, struct message, write_notes));
}

/* With other recipients still open, what is final now must be in the file:
 * a crash must not deliver it twice.  At the end of the turn, so that what an
 * agent says of many is one write. */
static void
note_final(struct rcpt *r)
{
	struct message *m = r->message;

	if (m->nrcpts == 1 || r->status == JOB_EXPANDED)
		return;
	note_result(&m->notes, r);
	ev_task_queue(&m->write_notes);
}

void
settle(struct rcpt *r, enum rcpt_state state)
{
	struct message *m = r->message;

	rcpt_enter(r, state);
	must(rcpt_is_settled(r));
	if (rcpt_is_final(r)) {
		r->tell_success = r->status <= JOB_RELAYED &&
				  notify_wanted(r, NOTIFY_SUCCESS);
		note_final(r);
	}
	on.begin(m);
	must(m->open > 0);
	if (--m->open == 0)
		on.ended(m);
}

void
settle_open(struct message *m)
{
	ev_task_init(&m->write_notes, on_write_notes);
	m->open = m->begun = m->paused = 0;
}

void
settle_init(void (*begin)(struct message *m), void (*ended)(struct message *m))
{
	on.begin = begin;
	on.ended = ended;
}
