/* SPDX-License-Identifier: ISC */
#include "qmgr/round.h"

#include <bsd/stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/report.h"
#include "qmgr/resolve.h"
#include "sys/clock.h"

enum {
	SOON_MS = 2000,     /* after trouble of our own */
	STARTS_A_TURN = 64, /* files read before others get their turn */
	MAX_WAIT_MS = 3600000,
};

static struct {
	size_t active;
	bool stopped;
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

static void
finish(struct message *m)
{
	rounds.active--;
	message_free(&m);
	round_pump();
}

static void
remove_message(struct message *m)
{
	struct entry *e = m->entry;

	spool_remove(e->id, (enum spool_place)e->place);
	entry_free(&e);
	finish(m);
}

static void
set_aside(struct message *m)
{
	struct entry *e = m->entry;

	spool_set_aside(e->id, (enum spool_place)e->place,
	    "the message's checksum differs");
	entry_free(&e);
	finish(m);
}

/* ---- putting off ---- */

static int64_t
retry_wait_ms(const struct message *m)
{
	const struct conf_ages *ages = &qmgr_conf->retry_schedule;
	const uint32_t k = m->entry->attempts;
	const int64_t ms = ages->ms[k < ages->n ? k : ages->n - 1];

	if (m->soon)
		return SOON_MS;
	/* Up to a tenth more, so that what came together spreads out. */
	return ms + (int64_t)arc4random_uniform((uint32_t)(ms / 10 + 1));
}

static void
write_lines(struct message *m, struct buf *lines)
{
	struct err err = { 0 };

	if (message_append(m->entry, lines, &err) == -1)
		log_err("spool.trouble", kv_s("qid", m->entry->id),
		    kv_s("why", err.text));
	buf_fini(lines);
}

static void
put_off(struct message *m)
{
	struct entry *e = m->entry;
	struct buf lines = { .max = 64 << 20 };
	const int64_t at = wall_ms() + retry_wait_ms(m);
	struct err err = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->state == RCPT_DEFERRED) {
			message_note_result(&lines, m->rcpts[i]);
			n++;
		}
	if (!m->soon) {
		message_note(&lines, "next", at);
		e->attempts++;
	}
	if (e->hold_wanted)
		message_note(&lines, "held", wall_ms());
	write_lines(m, &lines);
	if (e->place == SPOOL_NEW &&
	    spool_move(e->id, SPOOL_NEW, SPOOL_CUR, &err) == 0)
		e->place = SPOOL_CUR;
	log_info("mail.deferred", kv_s("qid", e->id), kv_u("recipients", n),
	    kv_u("attempts", e->attempts), kv_i("next_ms", at - wall_ms()));
	if (e->hold_wanted)
		entry_hold(e);
	else
		entry_wait(e, at);
	finish(m);
}

/* ---- what a round has come to ---- */

static size_t
count(const struct message *m, enum rcpt_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nrcpts; i++)
		n += m->rcpts[i]->state == state;
	return n;
}

static int64_t
age_ms(const struct message *m)
{
	return (clock_wall_us() - m->entry->arrived_us) / 1000;
}

/* Too old to go on: what is put off has failed. */
static void
expire(struct message *m)
{
	const int64_t limit = m->env.sender.n > 0 ? qmgr_conf->queue_lifetime
						  : qmgr_conf->bounce_lifetime;

	if (age_ms(m) < limit)
		return;
	for (size_t i = 0; i < m->nrcpts; i++) {
		struct rcpt *r = m->rcpts[i];
		struct buf text = { .max = 1200 };

		if (r->state != RCPT_DEFERRED)
			continue;
		buf_addf(&text, "delivery time expired; last: %.*s",
		    SLICE_FMT(slice_sub(r->text, 0, 1000)));
		r->text = arena_slice(&m->arena, buf_slice(&text));
		r->dsn = SLICE("5.4.7");
		r->status = JOB_PERMFAIL;
		r->state = RCPT_FAILED;
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

/* A report stands safely in the spool (or none is due): now what it told of
 * is final. */
static void
on_reported(struct message *m, enum report_kind kind, bool ok)
{
	struct buf lines = { .max = 64 << 20 };

	for (size_t i = 0; i < m->nrcpts; i++) {
		struct rcpt *r = m->rcpts[i];

		if (kind == REPORT_FAILURE && r->state == RCPT_FAILED) {
			r->state = ok ? RCPT_DONE : RCPT_DEFERRED;
			r->status = ok ? JOB_PERMFAIL : JOB_TEMPFAIL;
			if (ok)
				message_note_result(&lines, r);
		}
		if (kind == REPORT_SUCCESS)
			r->tell_success = false;
	}
	if (kind == REPORT_DELAY) {
		m->warned = true;
		message_note(&lines, "warned", wall_ms());
	}
	write_lines(m, &lines);
	m->soon |= !ok;
	round_end(m);
}

/* Each report that is due is written before anything is given up. */
static void
round_end(struct message *m)
{
	if (m->damaged) {
		set_aside(m);
		return;
	}
	if (m->entry->delete_wanted) {
		log_info("mail.deleted", kv_s("qid", m->entry->id));
		remove_message(m);
		return;
	}
	if (!m->soon)
		expire(m);
	if (count(m, RCPT_FAILED) > 0)
		report_write(m, REPORT_FAILURE, on_reported);
	else if (any_success(m))
		report_write(m, REPORT_SUCCESS, on_reported);
	else if (count(m, RCPT_DEFERRED) == 0) {
		log_info("mail.removed", kv_s("qid", m->entry->id),
		    kv_i("delay_ms", age_ms(m)));
		remove_message(m);
	} else if (qmgr_conf->delay_warning > 0 && !m->warned &&
		   age_ms(m) >= qmgr_conf->delay_warning)
		report_write(m, REPORT_DELAY, on_reported);
	else
		put_off(m);
}

/* With other recipients still open, what is final now must be in the file:
 * a crash must not deliver it twice. */
static void
note_final(struct rcpt *r)
{
	struct buf line = { .max = 8192 };

	if (r->message->nrcpts == 1 || r->status == JOB_EXPANDED)
		return;
	message_note_result(&line, r);
	write_lines(r->message, &line);
}

void
round_settle(struct rcpt *r, enum rcpt_state state)
{
	struct message *m = r->message;

	must(state >= RCPT_DEFERRED && r->state < RCPT_DEFERRED);
	r->state = state;
	if (state == RCPT_DONE) {
		r->tell_success = r->status <= JOB_RELAYED &&
				  report_wanted(r, REPORT_SUCCESS);
		note_final(r);
	}
	must(m->open > 0);
	if (--m->open == 0)
		round_end(m);
}

void
round_resolve_new(struct message *m, size_t from)
{
	for (size_t i = from; i < m->nrcpts; i++) {
		if (m->rcpts[i]->state != RCPT_PENDING)
			continue;
		m->open++;
		resolve_start(m->rcpts[i]);
	}
}

void
round_start(struct message *m)
{
	rounds.active++;
	entry_activate(m->entry, m);
	/* One more, so that the round cannot end while it begins. */
	m->open = 1;
	round_resolve_new(m, 0);
	if (--m->open == 0)
		round_end(m);
}

/* ---- starting what is due ---- */

static void
load_and_start(struct entry *e)
{
	struct err err = { 0 };
	struct message *m = message_load(e, &err);

	if (m != NULL) {
		round_start(m);
		return;
	}
	if (err.class == ERR_PERM) {
		spool_set_aside(e->id, (enum spool_place)e->place, err.text);
		entry_free(&e);
		return;
	}
	log_err("spool.trouble", kv_s("qid", e->id), kv_s("why", err.text));
	entry_wait(e, wall_ms() + 60000);
}

static void
on_pump(struct ev_task *task)
{
	unsigned started = 0;
	struct entry *e;
	int64_t wait;

	while (!rounds.stopped && rounds.active < qmgr_conf->active_limit &&
	       (e = entry_first_due()) != NULL) {
		wait = e->due.key - wall_ms();
		if (wait > 0) {
			ev_timer_set(&rounds.due,
			    wait < MAX_WAIT_MS ? wait : MAX_WAIT_MS);
			return;
		}
		if (started++ == STARTS_A_TURN) {
			ev_task_queue(task);
			return;
		}
		load_and_start(e);
	}
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

size_t
round_count(void)
{
	return rounds.active;
}

void
round_stop(void)
{
	rounds.stopped = true;
}

void
round_init(void)
{
	ev_timer_init(&rounds.due, on_due);
	ev_task_init(&rounds.pump, on_pump);
}
