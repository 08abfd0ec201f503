/* SPDX-License-Identifier: ISC */
#include "reporter/schedule.h"

#include "base/map.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "reporter/conf.h"
#include "reporter/counter.h"
#include "reporter/pending.h"
#include "reporter/report.h"
#include "reporter/table.h"
#include "reporter/tally.h"
#include "sys/clock.h"

enum {
	WALK_MS = 60000,   /* between two walks */
	LATER_MS = 600000, /* where some could not be sent */
	LOOKED_AT_ONCE = 100,
};

static struct {
	struct ev_timer timer;
	struct ev_task step;
	struct tally_report at; /* where the walk stands; about is in arena */
	struct arena arena;
	bool walking, stopped;
	uint32_t sent, left; /* of this walk */
	struct ipc *asker;   /* who wants it now; or NULL */
	uint64_t id;
	enum report_kind kind; /* of what kind */
	int64_t cut_s;         /* and what ended then at last */
} state;

int64_t
schedule_delay_s(struct slice host, struct slice domain, int64_t spread_s)
{
	const uint64_t half = (uint64_t)spread_s / 2 + 1;

	return (int64_t)(map_hash_fixed(host) % half +
			 map_hash_fixed(domain) % half);
}

static bool
is_due(const struct tally_report *r)
{
	const int64_t spread_s = reporter_conf->report_spread / 1000;
	struct pending_posts p;

	if (r->state != TALLY_OPEN && r->state != TALLY_POSTING)
		return true;
	if (state.asker != NULL && r->kind == state.kind)
		return r->end_s <= state.cut_s;
	if (r->state == TALLY_POSTING)
		return !pending_get(r->about, &p) || clock_wall_s() >= p.next_s;
	return clock_wall_s() >=
	       r->end_s +
		   schedule_delay_s(slice_str(reporter_conf->shared.hostname),
		       slice_str(r->domain), spread_s);
}

static bool
is_wanted(uint32_t kind)
{
	const struct shared_conf *c = &reporter_conf->shared;

	return kind == REPORT_OF_TLS ? c->tls_reports : c->dmarc_reports;
}

static void
answer(bool ok, const char *why)
{
	if (state.asker != NULL)
		IPC_SEND(state.asker, report_sent, .id = state.id, .ok = ok,
		    .reports = state.sent, .left = state.left,
		    .why = slice_str(why));
	state.asker = NULL;
}

static void
end_walk(bool ok)
{
	state.walking = false;
	answer(ok, ok ? "" : "the table of reports cannot be read");
	arena_fini(&state.arena);
	if (!state.stopped)
		ev_timer_set(&state.timer, state.left > 0 ? LATER_MS : WALK_MS);
}

/* Look at some, up to one that is to be sent. */
static void
on_step(struct ev_task *task)
{
	struct err err = { 0 };

	if (state.stopped || !table_ready()) {
		end_walk(false);
		return;
	}
	for (int i = 0; i < LOOKED_AT_ONCE; i++) {
		enum found f;

		arena_reset(&state.arena);
		f = tallied_next(&state.at, &state.arena, &err);
		if (f == TEMPFAIL)
			table_failed(&err);
		if (f != FOUND) {
			end_walk(f == ABSENT);
			return;
		}
		if (is_due(&state.at)) {
			report_begin(&state.at);
			return;
		}
	}
	ev_task_queue(task);
}

static void
on_end(enum report_end end)
{
	state.sent += end == REPORT_SENT;
	state.left += end == REPORT_LATER;
	ev_task_queue(&state.step);
}

static void
walk(void)
{
	state.walking = true;
	state.sent = state.left = 0;
	report_walk();
	state.at = (struct tally_report){ .begin_s = 0 };
	arena_init(&state.arena);
	ev_task_queue(&state.step);
}

static void
on_time(struct ev_timer *t)
{
	if (state.walking)
		return;
	if ((!is_wanted(REPORT_OF_DMARC) && !is_wanted(REPORT_OF_TLS)) ||
	    !table_ready()) {
		ev_timer_set(t, WALK_MS);
		return;
	}
	walk();
}

void
schedule_on_send(struct ipc *peer, struct msg *m)
{
	const int64_t interval_s = reporter_conf->report_interval / 1000;
	struct err err = { 0 };
	const char *why = NULL;

	if (m->report_send.kind >= REPORT_KIND_COUNT) {
		ipc_drop(peer, "no such kind of report");
		return;
	}
	counter_flush();
	if (!is_wanted(m->report_send.kind))
		why = m->report_send.kind == REPORT_OF_TLS
			  ? "tls_reports is not set (pabal.conf)"
			  : "dmarc_reports is not set (pabal.conf)";
	else if (state.walking)
		why = "reports are being sent; try again in a moment";
	else if (!table_ready())
		why = "there is no table of reports (state_directory)";
	else if (tallied_cut(clock_wall_s(), interval_s, &state.cut_s, &err) ==
		 -1)
		why = err.text;
	if (why != NULL) {
		IPC_SEND(peer, report_sent, .id = m->report_send.id,
		    .ok = false, .why = slice_str(why));
		return;
	}
	state.asker = peer;
	state.id = m->report_send.id;
	state.kind = (enum report_kind)m->report_send.kind;
	ev_timer_stop(&state.timer);
	walk();
}

void
schedule_on_gone(struct ipc *peer)
{
	if (state.asker == peer)
		state.asker = NULL;
}

void
schedule_stop(void)
{
	state.stopped = true;
	ev_timer_stop(&state.timer);
}

void
schedule_init(void)
{
	report_init(on_end);
	ev_timer_init(&state.timer, on_time);
	ev_task_init(&state.step, on_step);
	ev_timer_set(&state.timer, 1000);
}
