/* SPDX-License-Identifier: ISC */
#include "qmgr/run/round.h"

#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/report/report.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/pump.h"
#include "qmgr/run/resolve.h"
#include "qmgr/run/retry.h"
#include "qmgr/run/settle.h"
#include "sys/clock.h"

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
	pump_ended(m);
	message_free(&m);
	pump_now();
}

/* The law is broken, which only a bug of ours can do: better kept than lost. */
static void
keep(struct message *m, const char *why)
{
	struct entry *e = m->entry;

	log_err("mail.incomplete", kv_s("qid", e->id), kv_s("why", why));
	m->held_why = arena_slice(&m->arena, slice_str(why));
	note_held(&m->notes, wall_ms(), m->held_why);
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
count_soon(struct entry *e)
{
	if (e->soons < UINT8_MAX)
		e->soons++;
}

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
	if (m->soon)
		count_soon(e);
	else
		e->soons = 0;
	if (e->hold_wanted)
		note_held(&m->notes, wall_ms(), m->held_why);
	settle_write(m);
	if (e->hold_wanted) {
		log_info("mail.held", kv_s("qid", e->id));
		entry_hold(e);
	} else {
		log_info("mail.deferred", kv_s("qid", e->id),
		    kv_u("nrcpt", count(m, RCPT_DEFERRED)),
		    kv_u("attempts", e->attempts), kv_i("next_ms", wait_ms));
		entry_wait(e, wall_ms() + wait_ms);
	}
	waiting_put(m, true);
	finish(m);
}

/* ---- what a round has come to ---- */

static const char expired[] = "delivery time expired; last: ";

/* Too old to go on: what is put off has failed.  A process that has just ended
 * gives nothing up; without one that is not there for long, nothing would ever
 * end. */
static void
expire(struct message *m)
{
	const int64_t limit = m->env.sender.n > 0 ? qmgr_conf->queue_lifetime
						  : qmgr_conf->bounce_lifetime;

	if ((m->soon && !retry_is_lasting(m)) ||
	    !entry_is_older(m->entry, limit))
		return;
	for (size_t i = 0; i < m->nrcpts; i++) {
		struct rcpt *r = m->rcpts[i];
		struct buf text = { .max = 1200 };

		if (r->state != RCPT_DEFERRED)
			continue;
		if (!slice_starts(r->text, slice_str(expired)))
			buf_adds(&text, expired);
		buf_add(&text, slice_sub(r->text, 0, 900));
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

static void
on_report_again(struct ev_timer *t)
{
	struct message *m = OUTER(t, struct message, report_again);

	m->unreported = false;
	round_end(m);
}

/* That somebody has got it is in no file that it could be read from again, so M
 * stays in memory until it can be told. */
static void
report_later(struct message *m)
{
	ev_timer_init(&m->report_again, on_report_again);
	count_soon(m->entry);
	ev_timer_set(&m->report_again, retry_soon_ms(m->entry->soons));
}

/* A report of KIND could not be written: a full disk, most likely, and the next
 * one would not be either.  What failed is put off and tried again in seconds,
 * later in minutes; a delay is told when it is put off the next time. */
static void
on_unreported(struct message *m, enum notify kind)
{
	m->unreported = true;
	m->soon |= kind == NOTIFY_FAILURE;
	if (any_success(m))
		report_later(m);
	else
		round_end(m);
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
		if (kind == NOTIFY_SUCCESS && ok)
			r->tell_success = false;
	}
	if (kind == NOTIFY_DELAY && ok) {
		m->warned = true;
		note_word(&m->notes, "warned", wall_ms());
	}
	settle_write(m);
	if (ok)
		round_end(m);
	else
		on_unreported(m, kind);
}

/* An administrator's order. */
static void
discard_all(struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (!rcpt_is_final(m->rcpts[i]))
			discard(m->rcpts[i], "deleted");
}

/* The client is told of those who reject it. */
static void
discard_refused(struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->state == RCPT_FAILED)
			discard(m->rcpts[i], "refused in the dialogue");
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
	if (m->unreported) {
		put_off(m);
		return;
	}
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
		discard_refused(m);
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
	pump_began(m);
	entry_activate(m->entry, m);
	settle_open(m);
	/* One more, so that the round cannot end while it begins. */
	m->open = 1;
	begin(m);
	if (--m->open == 0)
		round_end(m);
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

void
round_stop(void)
{
	pump_stop();
	direct_stop();
}

void
round_init(void)
{
	settle_init(begin, round_end);
	direct_init(round_start, round_end);
	resolve_init();
	pump_init(round_start);
}
