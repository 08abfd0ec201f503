/* SPDX-License-Identifier: ISC */
#include "smtp/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "log/metric.h"
#include "smtp/conf.h"
#include "smtp/read.h"
#include "smtp/route/route.h"
#include "smtp/session/mail.h"
#include "smtp/session/result.h"
#include "smtp/session/session.h"
#include "smtp/sign/sign.h"

static struct {
	TAILQ_HEAD(, smtp_job) all;
	size_t count;
	TAILQ_HEAD(, smtp_job) waiting; /* for room for a session */
	struct ev_task admit;
	void (*on_idle)(void); /* set: this process is about to end */
} jobs = { .all = TAILQ_HEAD_INITIALIZER(jobs.all),
	.waiting = TAILQ_HEAD_INITIALIZER(jobs.waiting) };

/* RFC 8305 8: how long a connection has before one to the host's next address
 * is begun beside it. */
enum { DIAL_MS = 250 };

static struct metric attempts = { .name = "pabal_smtp_attempts",
	.help = "Addresses tried." };

static void
wait_no_more(struct smtp_job *job)
{
	if (!job->is_waiting)
		return;
	job->is_waiting = false;
	TAILQ_REMOVE(&jobs.waiting, job, waiting);
}

static void
job_free(struct smtp_job *job)
{
	must(job->session == NULL && TAILQ_EMPTY(&job->dials));
	ev_timer_stop(&job->next_dial);
	TAILQ_REMOVE(&jobs.all, job, link);
	wait_no_more(job);
	smtp_route_free(&job->route);
	smtp_read_free(job);
	free(job->left);
	arena_fini(&job->arena);
	free(job);
	if (--jobs.count == 0 && jobs.on_idle != NULL)
		jobs.on_idle();
}

/* No host is left: the best that is known is the result. */
static void
finish(struct smtp_job *job)
{
	struct smtp_result none;

	smtp_result_set(&none, JOB_TEMPFAIL, "4.4.4", "%.*s: no host to try",
	    SLICE_FMT(job->nexthop));
	for (size_t i = 0; i < job->nrcpts && !job->damaged; i++) {
		struct smtp_rcpt *r = &job->rcpts[i];

		if (r->state != SMTP_RCPT_DONE)
			smtp_rcpt_tell(
			    job, r, r->last != NULL ? r->last : &none);
	}
	if (job->qmgr != NULL)
		IPC_SEND(job->qmgr, job_done, .id = job->id,
		    .damaged = job->damaged, .site = job->site);
	job_free(job);
}

/* ---- trying ---- */

static bool
all_done(const struct smtp_job *job)
{
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state != SMTP_RCPT_DONE)
			return false;
	return true;
}

static void open_session(
    struct smtp_job *job, const struct smtp_target *t, bool plain);

/* The next address that has not been talked to over an idle session; of the
 * SAME host as the last one. */
static bool
next_target(struct smtp_job *job, bool same, struct smtp_target *t)
{
	char name[SMTP_TARGET_TEXT];

	while (
	    (!same || smtp_route_same_host(job)) && smtp_route_next(job, t)) {
		smtp_target_format(t, name);
		if (strcmp(name, job->reused) != 0)
			return true;
	}
	return false;
}

/* Connect to T, and a moment later to the next address of its host as well, if
 * that takes long.  What follows may free JOB. */
static void
dial(struct smtp_job *job, const struct smtp_target *t)
{
	job->tried++;
	job->begun = true;
	metric_add(&attempts, 1);
	if (smtp_route_same_host(job))
		ev_timer_set(&job->next_dial, DIAL_MS);
	open_session(job, t, false);
}

/* Beside what is on its way; nobody else waits longer for it. */
static void
dial_more(struct smtp_job *job)
{
	struct smtp_target t;

	if (job->tried < smtp_conf->max_addresses &&
	    TAILQ_EMPTY(&jobs.waiting) && smtp_route_same_host(job) &&
	    smtp_session_have_room() && next_target(job, true, &t))
		dial(job, &t);
}

static void
on_next_dial(struct ev_timer *timer)
{
	dial_more(OUTER(timer, struct smtp_job, next_dial));
}

/* Those that were slower are given up, and count again when what the fastest
 * says is not final. */
static void
on_connected(struct smtp_job *job)
{
	struct smtp_target t;

	ev_timer_stop(&job->next_dial);
	while (smtp_session_abort_dial(job, &t)) {
		job->left =
		    xreallocarray(job->left, job->nleft + 1, sizeof *job->left);
		job->left[job->nleft++] = t;
		must(job->tried > 0);
		job->tried--;
	}
}

static bool
take_left(struct smtp_job *job, struct smtp_target *t)
{
	if (job->nleft == 0)
		return false;
	*t = job->left[--job->nleft];
	return true;
}

static void
try_next(struct smtp_job *job)
{
	struct smtp_target t;

	if (job->tried >= smtp_conf->max_addresses)
		finish(job);
	else if (take_left(job, &t) || next_target(job, false, &t))
		dial(job, &t);
	else
		finish(job);
}

/* An idle session, if one of the best hosts has one. */
static bool
reuse(struct smtp_job *job)
{
	struct smtp_target t;

	if (job->begun || !smtp_route_prefer(job, &t, smtp_session_has_idle))
		return false;
	job->begun = true;
	smtp_target_format(&t, job->reused);
	smtp_session_reuse(job, &t);
	return true;
}

/* It has its turn: asking for room once more, it would stand behind the others
 * that wait, and so would each of them, for ever. */
static void
admitted(struct smtp_job *job)
{
	if (!reuse(job))
		try_next(job);
}

/* ---- room for a session ---- */

/* May JOB open a session now?  If not it waits for its turn. */
static bool
admit(struct smtp_job *job)
{
	if (TAILQ_EMPTY(&jobs.waiting) && smtp_session_have_room())
		return true;
	job->is_waiting = true;
	TAILQ_INSERT_TAIL(&jobs.waiting, job, waiting);
	return false;
}

static void
on_admit(struct ev_task *task)
{
	struct smtp_job *job;

	(void)task;
	while ((job = TAILQ_FIRST(&jobs.waiting)) != NULL &&
	       smtp_session_have_room()) {
		wait_no_more(job);
		admitted(job);
	}
}

static void
on_room(void)
{
	if (!TAILQ_EMPTY(&jobs.waiting))
		ev_task_queue(&jobs.admit);
}

/* ---- what hosts and sessions tell ---- */

static void
on_routed(struct smtp_job *job)
{
	if (!reuse(job) && admit(job))
		try_next(job);
}

static void
on_no_route(struct smtp_job *job, const struct smtp_result *why)
{
	if (why == NULL) { /* qmgr hears of it by the end of the process */
		job_free(job);
		return;
	}
	for (size_t i = 0; i < job->nrcpts; i++)
		smtp_rcpt_tell(job, &job->rcpts[i], why);
	finish(job);
}

/* Between two sessions of a job others may take the room it had. */
static void
go_on(struct smtp_job *job)
{
	if (all_done(job) || job->qmgr == NULL)
		finish(job);
	else if (admit(job))
		try_next(job);
}

static void
on_failed(struct smtp_job *job, const struct smtp_result *why, bool final)
{
	smtp_rcpt_note_site(job, why);
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state != SMTP_RCPT_DONE)
			smtp_rcpt_keep(&job->rcpts[i], why);
	if (final) {
		finish(job);
	} else if (!TAILQ_EMPTY(&job->dials)) {
		dial_more(job);
	} else {
		ev_timer_stop(&job->next_dial);
		go_on(job);
	}
}

/* Open a session to T for JOB, the first one or once more. */
static void
open_session(struct smtp_job *job, const struct smtp_target *t, bool plain)
{
	struct smtp_result why;

	if (!smtp_session_open(job, t, plain, &why))
		on_failed(job, &why, false);
}

/* JOB's message is signed, or cannot be: whoever serves it goes on. */
static void
on_signed(struct smtp_job *job)
{
	if (job->session != NULL)
		smtp_mail_signed(job->session);
}

/* ---- beginning and end ---- */

void
smtp_job_on_start(struct ipc *peer, struct msg *m)
{
	struct msg_job_start *in = &m->job_start;
	struct smtp_job *job;
	struct err err = { 0 };

	if (jobs.on_idle != NULL)
		return;
	job = xcalloc(1, sizeof *job);
	arena_init(&job->arena);
	job->qmgr = peer;
	job->id = in->id;
	TAILQ_INIT(&job->dials);
	ev_timer_init(&job->next_dial, on_next_dial);
	job->since_ms = ev_now_ms();
	job->session_messages = in->session_messages;
	job->source = arena_slice(&job->arena, in->source);
	TAILQ_INSERT_TAIL(&jobs.all, job, link);
	jobs.count++;
	if (smtp_read_job(job, in, &err) == -1) {
		log_err("smtp.job-invalid", kv_slice("qid", in->qid),
		    kv_s("why", err.text));
		/* Nothing was tried: no word on any recipient. */
		job->nrcpts = 0;
		finish(job);
		return;
	}
	smtp_route(job, arena_slice(&job->arena, in->nexthop));
}

/* Without qmgr nobody remembers results, and it will send all again. */
void
smtp_job_forget(struct ipc *peer)
{
	struct smtp_job *job, *next;
	struct smtp_target t;

	for (job = TAILQ_FIRST(&jobs.all); job != NULL; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->qmgr != peer)
			continue;
		job->qmgr = NULL;
		while (smtp_session_abort_dial(job, &t))
			continue;
		if (job->session != NULL) {
			/* The host has it already: hear the answer. */
			if (smtp_session_sent_all(job->session))
				continue;
			smtp_session_abort(job->session);
		}
		job_free(job);
	}
}

void
smtp_job_when_idle(void (*fn)(void))
{
	jobs.on_idle = fn;
	if (jobs.count == 0)
		fn();
}

void
smtp_job_init(void)
{
	static const struct smtp_session_owner owner = {
		.connected = on_connected,
		.served = go_on,
		.failed = on_failed,
		.again = open_session,
		.room = on_room,
	};

	ev_task_init(&jobs.admit, on_admit);
	smtp_session_init(&owner);
	smtp_sign_init(on_signed);
	smtp_route_init(on_routed, on_no_route);
}
