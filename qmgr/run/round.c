/* SPDX-License-Identifier: ISC */
#include "qmgr/run/round.h"

#include <errno.h>

#include "base/must.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/report/report.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/resolve.h"
#include "qmgr/run/retry.h"
#include "qmgr/run/settle.h"
#include "qmgr/run/share.h"
#include "sys/clock.h"

enum {
	STARTS_A_TURN = 64, /* files read before others get their turn */
	MAX_WAIT_MS = 3600000,
	UNREADABLE_MS = 60000,
};

static struct {
	size_t active;
	bool stopped;
	bool full; /* messages wait for memory: the oldest goes first */
	struct ev_timer due;
	struct ev_task pump;
} rounds;

static void round_end(struct message *m);

static int64_t
wall_ms(void)
{
	return clock_wall_us() / 1000;
}

/* ---- the end of a message ---- */

static size_t
count(const struct message *m, enum rcpt_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nrcpts; i++)
		n += m->rcpts[i]->state == state;
	return n;
}

static void
finish(struct message *m)
{
	rounds.active--;
	share_del(&m->env);
	message_free(&m);
	round_pump();
}

/* The law is broken, which only a bug of ours can do: better kept than lost. */
static void
keep(struct message *m, const char *why)
{
	struct entry *e = m->entry;

	log_err("mail.incomplete", kv_s("qid", e->id), kv_s("why", why));
	note_word(&m->notes, "held", wall_ms());
	settle_write(m);
	entry_hold(e);
	waiting_put(m, false);
	finish(m);
}

static void
remove_entry(struct entry *e)
{
	spool_remove(e->id, (enum spool_place)e->place, e->own);
	waiting_drop(&e);
}

/* All recipients are settled for good: the message leaves the spool. */
static void
leave(struct message *m)
{
	struct entry *e = m->entry;
	struct err err;

	if (!rcpt_may_leave(m, &err)) {
		keep(m, err.text);
		return;
	}
	if (e->delete_wanted)
		log_info("mail.deleted", kv_s("qid", e->id));
	log_info("mail.removed", kv_s("qid", e->id),
	    kv_i("delay_ms", entry_age_ms(e)),
	    kv_u("delivered", count(m, RCPT_DELIVERED)),
	    kv_u("relayed", count(m, RCPT_RELAYED)),
	    kv_u("reported", count(m, RCPT_REPORTED)),
	    kv_u("discarded", count(m, RCPT_DISCARDED)));
	if (m->direct == NULL)
		remove_entry(e);
	else {
		direct_leave(m);
		entry_free(&e);
	}
	finish(m);
}

/* It could not be accepted: who has it has it, and the client sends it again.
 */
static void
leave_refused(struct message *m)
{
	struct entry *e = m->entry;

	direct_leave(m);
	entry_free(&e);
	finish(m);
}

static void
set_aside(struct message *m)
{
	struct entry *e = m->entry;

	settle_write(m);
	spool_set_aside(e->id, (enum spool_place)e->place,
	    "the message's checksum differs");
	waiting_drop(&e);
	finish(m);
}

/* ---- putting off ---- */

static void
put_off(struct message *m)
{
	struct entry *e = m->entry;
	const int64_t wait_ms = retry_wait_ms(m);

	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->state == RCPT_DEFERRED)
			note_result(&m->notes, m->rcpts[i]);
	if (!m->soon && !retry_is_paused(m)) {
		note_word(&m->notes, "next", wall_ms() + wait_ms);
		e->attempts++;
	}
	if (e->hold_wanted)
		note_word(&m->notes, "held", wall_ms());
	settle_write(m);
	log_info("mail.deferred", kv_s("qid", e->id),
	    kv_u("nrcpt", count(m, RCPT_DEFERRED)),
	    kv_u("attempts", e->attempts), kv_i("next_ms", wait_ms));
	if (e->hold_wanted)
		entry_hold(e);
	else
		entry_wait(e, wall_ms() + wait_ms);
	waiting_put(m, true);
	finish(m);
}

/* ---- what a round has come to ---- */

/* Too old to go on: what is put off has failed. */
static void
expire(struct message *m)
{
	const int64_t limit = m->env.sender.n > 0 ? qmgr_conf->queue_lifetime
						  : qmgr_conf->bounce_lifetime;

	if (!entry_is_older(m->entry, limit))
		return;
	for (size_t i = 0; i < m->nrcpts; i++) {
		struct rcpt *r = m->rcpts[i];
		struct buf text = { .max = 1200 };

		if (r->state != RCPT_DEFERRED)
			continue;
		buf_addf(&text, "delivery time expired; last: %.*s",
		    SLICE_FMT(slice_sub(r->text, 0, 900)));
		rcpt_say(
		    r, JOB_PERMFAIL, SLICE("5.4.7"), r->host, buf_slice(&text));
		rcpt_enter(r, RCPT_FAILED);
		buf_fini(&text);
		log_info("rcpt.expired", kv_s("qid", m->entry->id),
		    kv_slice("to", r->env.address), kv_slice("text", r->text));
	}
}

static bool
any_success(const struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->tell_success)
			return true;
	return false;
}

/* R leads only to itself: nobody has got the message by it. */
static void
fail_loop(struct rcpt *r)
{
	const struct slice root = rcpt_root(r)->env.address;
	struct buf text = { .max = 1200 };

	buf_adds(&text, "the alias or list expands only to itself");
	if (!slice_ieq(root, r->env.address))
		buf_addf(&text, " (mail for %.*s)",
		    SLICE_FMT(slice_sub(root, 0, 900)));
	rcpt_say(r, JOB_PERMFAIL, SLICE("5.4.6"), SLICE(""), buf_slice(&text));
	rcpt_enter(r, RCPT_FAILED);
	log_info("rcpt.loop", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_slice("text", r->text));
	buf_fini(&text);
}

static void
discard(struct rcpt *r, const char *why)
{
	rcpt_enter(r, RCPT_DISCARDED);
	log_info("rcpt.discarded", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_s("why", why),
	    kv_slice("text", r->text));
}

/* The failure of R is told, or nobody wants to know; if !OK it could not be
 * told and is tried again. */
static void
end_failed(struct rcpt *r, bool ok)
{
	struct message *m = r->message;

	if (!ok) {
		r->status = JOB_TEMPFAIL;
		rcpt_enter(r, RCPT_DEFERRED);
		return;
	}
	r->status = JOB_PERMFAIL;
	if (rcpt_failed_end(r) == RCPT_REPORTED)
		rcpt_enter(r, RCPT_REPORTED);
	else
		discard(r, notify_recipient(m).n == 0 ? "null sender"
						      : "no report wanted");
	note_result(&m->notes, r);
}

/* A report stands safely in the spool (or none is due): now what it told of
 * is final. */
static void
on_reported(struct message *m, enum notify kind, bool ok)
{
	for (size_t i = 0; i < m->nrcpts; i++) {
		struct rcpt *r = m->rcpts[i];

		if (kind == NOTIFY_FAILURE && r->state == RCPT_FAILED)
			end_failed(r, ok);
		if (kind == NOTIFY_SUCCESS)
			r->tell_success = false;
	}
	if (kind == NOTIFY_DELAY) {
		m->warned = true;
		note_word(&m->notes, "warned", wall_ms());
	}
	settle_write(m);
	m->soon |= !ok;
	round_end(m);
}

/* An administrator's order. */
static void
discard_all(struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (!rcpt_is_final(m->rcpts[i]))
			discard(m->rcpts[i], "deleted");
}

/* Each report that is due is written before anything is given up. */
static void
end_accepted(struct message *m)
{
	if (m->damaged) {
		set_aside(m);
		return;
	}
	rcpt_each_loop(m, fail_loop);
	if (m->entry->delete_wanted) {
		discard_all(m);
		leave(m);
		return;
	}
	if (!m->soon)
		expire(m);
	if (count(m, RCPT_FAILED) > 0)
		report_write(m, NOTIFY_FAILURE, on_reported);
	else if (any_success(m))
		report_write(m, NOTIFY_SUCCESS, on_reported);
	else if (count(m, RCPT_DEFERRED) == 0)
		leave(m);
	else if (qmgr_conf->delay_warning > 0 && !m->warned &&
		 entry_is_older(m->entry, qmgr_conf->delay_warning))
		report_write(m, NOTIFY_DELAY, on_reported);
	else
		put_off(m);
}

static void
round_end(struct message *m)
{
	switch (direct_end(m)) {
	case DIRECT_LEFT:
		leave(m);
		return;
	case DIRECT_WAITS:
		return;
	case DIRECT_REFUSED:
		leave_refused(m);
		return;
	case DIRECT_SAVED:
		end_accepted(m);
	}
}

/* Those that are new, and open. */
static void
begin(struct message *m)
{
	while (m->begun < m->nrcpts) {
		struct rcpt *r = m->rcpts[m->begun++];

		if (r->state != RCPT_PENDING)
			continue;
		m->open++;
		resolve_start(r);
	}
}

void
round_start(struct message *m)
{
	rounds.active++;
	share_add(&m->env);
	entry_activate(m->entry, m);
	settle_open(m);
	/* One more, so that the round cannot end while it begins. */
	m->open = 1;
	begin(m);
	if (--m->open == 0)
		round_end(m);
}

void
round_accept(struct newfile *nf)
{
	struct entry *e = entry_add(nf->id, SPOOL_NEW, nf->env.arrived_us);
	struct message *m;

	must(e != NULL);
	direct_spool_works();
	e->own = !nf->lent;
	nf->env.id = arena_slice(&nf->arena, nf->env.id);
	m = message_new(e, &nf->arena, &nf->env, nf->head_bytes);
	if (!round_has_room() && !share_has_room(&m->env, rounds.active)) {
		entry_wait(e, 0);
		waiting_put(m, false);
		message_free(&m);
		return;
	}
	kept_move(&m->kept, &nf->kept);
	round_start(m);
}

bool
round_delete(struct entry *e)
{
	if (e->state == ENTRY_ACTIVE) {
		e->delete_wanted = true;
		return false;
	}
	log_info("mail.deleted", kv_s("qid", e->id));
	remove_entry(e);
	return true;
}

/* ---- starting what is due ---- */

void
round_unreadable(struct entry *e, const char *why)
{
	log_err("spool.failed", kv_s("qid", e->id), kv_s("why", why));
	entry_wait(e, wall_ms() + UNREADABLE_MS);
	waiting_change(e);
}

/* Its file was removed, or moved away, by somebody else. */
static void
drop_missing(struct entry *e)
{
	log_warn("spool.missing", kv_s("qid", e->id));
	waiting_drop(&e);
}

/* The message M of E is not to be tried now: its file says so, where the index
 * was not told. */
static bool
must_wait(struct entry *e, const struct message *m, uint32_t attempts)
{
	if (m->held)
		entry_hold(e);
	else if (e->attempts > attempts && m->next_ms > wall_ms())
		entry_wait(e, m->next_ms);
	else
		return false;
	return true;
}

static void
load_and_start(struct entry *e)
{
	const uint32_t attempts = e->attempts;
	struct err err = { 0 };
	struct message *m;

	errno = 0;
	m = message_load(e, &err);
	if (m != NULL && must_wait(e, m, attempts)) {
		waiting_put(m, false);
		message_free(&m);
		return;
	}
	if (m != NULL) {
		round_start(m);
		return;
	}
	if (errno == ENOENT) {
		drop_missing(e);
	} else if (err.class == ERR_PERM) {
		spool_set_aside(e->id, (enum spool_place)e->place, err.text);
		waiting_drop(&e);
	} else
		round_unreadable(e, err.text);
}

static void
on_pump(struct ev_task *task)
{
	unsigned started = 0;
	struct entry *e;
	int64_t wait;

	if (rounds.stopped)
		return;
	while ((e = waiting_first_due()) != NULL) {
		wait = entry_wait_ms(e);
		/* What seems to wait longer was put off before the schedule
		 * became shorter, or before the wall clock was set back and
		 * this process began. */
		if (wait > 0 && wait <= retry_longest_ms()) {
			ev_timer_set(&rounds.due,
			    wait < MAX_WAIT_MS ? wait : MAX_WAIT_MS);
			break;
		}
		rounds.full = rounds.active >= qmgr_conf->active_limit;
		if (rounds.full)
			return;
		if (started++ == STARTS_A_TURN) {
			ev_task_queue(task);
			return;
		}
		load_and_start(e);
	}
	rounds.full = false;
}

static void
on_due(struct ev_timer *t)
{
	(void)t;
	round_pump();
}

void
round_pump(void)
{
	if (!rounds.stopped)
		ev_task_queue(&rounds.pump);
}

bool
round_has_room(void)
{
	rounds.full |= rounds.active >= qmgr_conf->active_limit;
	return !rounds.full;
}

void
round_stop(void)
{
	rounds.stopped = true;
	direct_stop();
}

void
round_init(void)
{
	settle_init(begin, round_end);
	direct_init(round_start, round_end);
	resolve_init();
	ev_timer_init(&rounds.due, on_due);
	ev_task_init(&rounds.pump, on_pump);
}
