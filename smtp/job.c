/* SPDX-License-Identifier: ISC */
#include "smtp/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "log/metric.h"
#include "queue/envelope_text.h"
#include "smtp/conf.h"
#include "smtp/route/route.h"
#include "smtp/session/content.h"
#include "smtp/session/pool.h"
#include "smtp/session/result.h"
#include "smtp/session/session.h"
#include "sys/fd.h"

static struct {
	TAILQ_HEAD(, smtp_job) all;
	size_t count;
	void (*on_idle)(void); /* set: this process is about to end */
} jobs = { .all = TAILQ_HEAD_INITIALIZER(jobs.all) };

static struct metric attempts = { .name = "pabal_smtp_attempts",
	.help = "Addresses tried." };

static void
job_free(struct smtp_job *job)
{
	must(job->session == NULL);
	TAILQ_REMOVE(&jobs.all, job, link);
	smtp_pool_forget(job);
	smtp_route_free(&job->route);
	smtp_content_free(&job->content);
	fd_close(&job->fd);
	for (size_t i = 0; i < job->nrcpts; i++)
		free(job->rcpts[i].last);
	free(job->rcpts);
	arena_fini(&job->arena);
	free(job);
	if (--jobs.count == 0 && jobs.on_idle != NULL)
		jobs.on_idle();
}

/* ---- results ---- */

static void
tell(
    struct smtp_job *job, struct smtp_rcpt *r, const struct smtp_result *result)
{
	r->state = SMTP_RCPT_DONE;
	if (job->qmgr != NULL)
		IPC_SEND(job->qmgr, job_result, .job = job->id,
		    .recipient = r->in.number, .status = result->status,
		    .dsn = slice_str(result->dsn),
		    .host = slice_str(result->host),
		    .text = slice_str(result->text));
}

/* Which of two words on an open recipient counts: that it may work later,
 * before that it will not; and what the host said before what we guess. */
static bool
counts_more(const struct smtp_result *now, const struct smtp_result *before)
{
	if (before == NULL)
		return true;
	if (now->status != before->status)
		return now->status == JOB_TEMPFAIL;
	return now->said || !before->said;
}

static void
keep(struct smtp_rcpt *r, const struct smtp_result *result)
{
	r->state = SMTP_RCPT_OPEN;
	if (!counts_more(result, r->last))
		return;
	if (r->last == NULL)
		r->last = xmalloc(sizeof *r->last);
	*r->last = *result;
}

static void
learn(struct smtp_job *job, const struct smtp_result *result)
{
	if (result->site > job->site)
		job->site = result->site;
}

void
smtp_job_result(
    struct smtp_job *job, struct smtp_rcpt *r, const struct smtp_result *result)
{
	learn(job, result);
	if (result->status == JOB_TEMPFAIL)
		keep(r, result);
	else
		tell(job, r, result);
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
			tell(job, r, r->last != NULL ? r->last : &none);
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

/* The next address that has not been talked to over an idle session. */
static bool
next_target(struct smtp_job *job, struct smtp_target *t)
{
	char name[SMTP_TARGET_TEXT];

	while (smtp_route_next(job, t)) {
		smtp_target_format(t, name);
		if (strcmp(name, job->reused) != 0)
			return true;
	}
	return false;
}

static void
try_next(struct smtp_job *job)
{
	struct smtp_target t;

	if (job->tried >= smtp_conf->max_addresses || !next_target(job, &t)) {
		finish(job);
		return;
	}
	job->tried++;
	job->begun = true;
	metric_add(&attempts, 1);
	smtp_session_open(job, &t, false);
}

/* An idle session, if one of the best hosts has one. */
static bool
reuse(struct smtp_job *job)
{
	struct smtp_target t;

	if (job->begun || !smtp_route_prefer(job, &t, smtp_pool_has))
		return false;
	job->begun = true;
	smtp_target_format(&t, job->reused);
	smtp_session_reuse(smtp_pool_take(&t), job);
	return true;
}

void
smtp_job_routed(struct smtp_job *job)
{
	if (!reuse(job) && smtp_pool_admit(job))
		try_next(job);
}

/* It has its turn: asking for room once more, it would stand behind the others
 * that wait, and so would each of them, for ever. */
void
smtp_job_admitted(struct smtp_job *job)
{
	if (!reuse(job))
		try_next(job);
}

void
smtp_job_no_route(struct smtp_job *job, const struct smtp_result *why)
{
	if (why == NULL) { /* qmgr hears of it by the end of the process */
		job_free(job);
		return;
	}
	for (size_t i = 0; i < job->nrcpts; i++)
		tell(job, &job->rcpts[i], why);
	finish(job);
}

/* Between two sessions of a job others may take the room it had. */
void
smtp_job_continue(struct smtp_job *job)
{
	if (all_done(job) || job->qmgr == NULL)
		finish(job);
	else if (smtp_pool_admit(job))
		try_next(job);
}

void
smtp_job_failed(struct smtp_job *job, const struct smtp_result *why, bool final)
{
	learn(job, why);
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state != SMTP_RCPT_DONE)
			keep(&job->rcpts[i], why);
	if (final)
		finish(job);
	else
		smtp_job_continue(job);
}

/* ---- beginning and end ---- */

static bool
take_rcpts(struct smtp_job *job, struct slice lines)
{
	while (lines.n > 0) {
		struct smtp_rcpt r = { .state = SMTP_RCPT_OPEN };

		if (!job_rcpt_parse(&lines, &job->arena, &r.in))
			return false;
		job->rcpts = xreallocarray(
		    job->rcpts, job->nrcpts + 1, sizeof *job->rcpts);
		job->rcpts[job->nrcpts++] = r;
	}
	return job->nrcpts > 0;
}

static int
job_read(struct smtp_job *job, struct msg_job_start *in, struct err *err)
{
	size_t len;

	if (in->file == -1)
		return err_set(err, ERR_TEMP, "no file");
	job->fd = in->file;
	job->content = smtp_content_new(job->fd, job->offset, job->size);
	in->file = -1;
	job->qid = arena_slice(&job->arena, in->qid);
	if (!take_rcpts(job, in->recipients))
		return err_set(err, ERR_TEMP, "recipients cannot be read");
	return envelope_parse(in->envelope, ENVELOPE_FROM_QMGR, &job->arena,
	    &job->env, &len, err);
}

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
	job->fd = -1;
	job->offset = in->offset;
	job->size = in->size;
	job->crc32c = in->crc32c;
	TAILQ_INSERT_TAIL(&jobs.all, job, link);
	jobs.count++;
	if (job_read(job, in, &err) == -1) {
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

	for (job = TAILQ_FIRST(&jobs.all); job != NULL; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->qmgr != peer)
			continue;
		job->qmgr = NULL;
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
