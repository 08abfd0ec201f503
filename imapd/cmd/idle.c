/* SPDX-License-Identifier: ISC */
/* IDLE (RFC 2177): waits for DONE and tells what happens.  Deliveries and other
 * sessions are heard of through the store, other programs through inotify. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/idle.h"
#include "imapd/conf.h"
#include "imapd/conn/client.h"
#include "imapd/notify/between.h"
#include "imapd/park/park.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/visit.h"
#include "imapd/selected/dirwatch.h"
#include "imapd/selected/viewwatch.h"

enum { LINE_MAX_BYTES = 16 };

struct idle {
	struct imapd_job job;
	struct session *session;
	struct ev_timer notify;
	int64_t notify_at_ms;
	struct parking *parking; /* NULL: it stays */
	struct dirwatch_user watcher;
	struct dirwatch *watch; /* NULL: none */
	char line[LINE_MAX_BYTES];
	size_t n;
};

static void
on_changed(struct session *s, struct imapd_job *job)
{
	(void)job;
	if (s->view != NULL || s->notify != NULL)
		imapd_soon(s);
}

static void
on_files(struct dirwatch_user *u)
{
	imapd_session_changed(OUTER(u, struct idle, watcher)->session);
}

/* A client that does not take what it was told is not told more. */
static void
on_more(struct session *s, struct imapd_job *job)
{
	if (visit_is_over(s)) {
		imapd_bye(s, "[UNAVAILABLE] the mailbox is shared no more");
		return;
	}
	notify_between(s, true);
	if (s->state == S_LOGOUT || s->job != job)
		return;
	imapd_rest(s);
	park_again(OUTER(job, struct idle, job)->parking);
}

static void
notify_in(struct idle *i, int64_t ms)
{
	i->notify_at_ms = ev_now_ms() + ms;
	ev_timer_set(&i->notify, ms);
}

static void
on_notify(struct ev_timer *t)
{
	struct idle *i = OUTER(t, struct idle, notify);
	struct session *s = i->session;

	notify_in(i, imapd_conf->idle_notify);
	if (!imapd_is_full(s))
		imapd_untagged(s, "OK Still here");
	if (i->watch == NULL) /* what other programs did nobody else tells */
		on_changed(s, &i->job);
}

/* Keep what fits; a longer line is no DONE. */
static void
add_line(struct idle *i, struct slice s)
{
	const size_t room = sizeof i->line - i->n;
	const size_t n = s.n < room ? s.n : room;

	if (n > 0)
		memcpy(i->line + i->n, s.p, n);
	i->n += n;
}

/* One line, which has to be "DONE". */
static void
on_input(struct session *s, struct imapd_job *job, struct slice *in)
{
	struct idle *i = OUTER(job, struct idle, job);
	const size_t at = slice_find(*in, '\n');
	const bool ends = at < in->n;
	struct slice line;

	add_line(i, slice_sub(*in, 0, at));
	*in = slice_from(*in, ends ? at + 1 : at);
	if (!ends)
		return;
	line = slice_of(i->line, i->n);
	if (slice_ends(line, SLICE("\r")))
		line.n--;
	if (slice_iis(line, "DONE"))
		imapd_ok(s, "IDLE terminated");
	else
		imapd_bad_text(s, "DONE expected");
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct idle *i = OUTER(job, struct idle, job);

	(void)s;
	park_stop(&i->parking);
	ev_timer_stop(&i->notify);
	dirwatch_stop(&i->watch);
	xfree(&i);
}

static const struct job_ops ops = {
	.more = on_more,
	.input = on_input,
	.changed = on_changed,
	.free = on_free,
};

/* The client is due a line in BEAT_MS, and to be sent away in LEFT_MS. */
static struct idle *
idle_new(struct session *s, int64_t beat_ms, int64_t left_ms)
{
	struct idle *i = xcalloc(1, sizeof *i);

	i->job.ops = &ops;
	i->session = s;
	ev_timer_init(&i->notify, on_notify);
	notify_in(i, beat_ms);
	i->parking = park_start(s, ev_now_ms() + left_ms, &i->notify_at_ms);
	imapd_start(s, &i->job);
	return i;
}

/* Watch first: what comes between is then seen by either. */
static void
look(struct idle *i)
{
	i->watcher.on_change = on_files;
	i->watch = viewwatch_start(&i->watcher, i->session);
	notify_between(i->session, true);
}

void
imapd_cmd_idle(struct session *s, struct parse *p)
{
	struct idle *i;

	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	i = idle_new(s, imapd_conf->idle_notify, imapd_conf->idle_timeout);
	buf_adds(imapd_out(s), "+ idling\r\n");
	imapd_rest(s);
	look(i);
}

void
imapd_idle_again(struct session *s, int64_t beat_ms, int64_t left_ms)
{
	struct idle *i = idle_new(s, beat_ms, left_ms);

	stream_set_deadline(&client_of(s)->stream, left_ms);
	look(i);
}
