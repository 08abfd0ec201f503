/* SPDX-License-Identifier: ISC */
/*
 * A job is read through once (check.c) and then stands in the list of jobs
 * whose recipients wait for their commands.  At most command_limit commands run
 * at once; jobs take turns by age.  A job is answered when its last command has
 * ended.
 */
#include "pipe/deliver.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "log/log.h"
#include "log/metric.h"
#include "pipe/check.h"
#include "pipe/command.h"
#include "pipe/conf.h"
#include "pipe/feed.h"
#include "pipe/include.h"
#include "pipe/outcome.h"
#include "pipe/permit.h"
#include "pipe/read.h"
#include "pipe/route.h"
#include "queue/envelope.h"
#include "queue/job.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { HEAD_MAX = 16384 };

struct pipe_job {
	TAILQ_ENTRY(pipe_job) link;
	struct ipc *peer; /* NULL: gone, nobody waits for an answer */
	uint64_t id;
	struct arena arena;
	struct slice qid;
	struct slice route; /* of the table commands; empty: by targets */
	struct envelope env;
	struct check check;
	bool checked;
	struct slice delivered_to;
	struct job_rcpt *rcpts;
	size_t n;
	size_t next;    /* first one whose command has not begun */
	size_t running; /* commands of this job */
	struct ev_task task;
};

struct delivery {
	struct command command;
	struct pipe_job *job;
	const struct job_rcpt *rcpt;
	int64_t since_ms;
};

static struct {
	TAILQ_HEAD(, pipe_job) jobs;
	const struct owner *owner;
	const struct aliases *aliases;
	unsigned running;
	bool stopped;
} state;

static struct metric delivered = { .name = "pabal_pipe_delivered",
	.help = "Messages delivered to commands." };
static struct metric failed = { .name = "pabal_pipe_failed",
	.help = "Commands that failed, temporarily or permanently." };
static struct metric timeouts = { .name = "pabal_pipe_timeouts",
	.help = "Commands that exceeded their time limit." };
static struct metric running = { .name = "pabal_pipe_running",
	.help = "Commands that run.",
	.type = METRIC_GAUGE };

static void pump(void);

/* ---- answers ---- */

static void
job_free(struct pipe_job *job)
{
	TAILQ_REMOVE(&state.jobs, job, link);
	ev_task_cancel(&job->task);
	fd_close(&job->check.file);
	arena_fini(&job->arena);
	free(job);
}

/* Answer and forget. */
static void
job_end(struct pipe_job *job, bool damaged)
{
	if (job->peer != NULL)
		IPC_SEND(
		    job->peer, job_done, .id = job->id, .damaged = damaged);
	job_free(job);
}

static void
say(struct pipe_job *job, const struct job_rcpt *rcpt, struct outcome *o)
{
	metric_add(o->status == JOB_DELIVERED ? &delivered : &failed, 1);
	if (job->peer != NULL)
		IPC_SEND(job->peer, job_result, .job = job->id,
		    .recipient = rcpt->number, .status = o->status,
		    .dsn = slice_str(o->dsn), .text = buf_slice(&o->text));
	buf_fini(&o->text);
}

static void
say_simple(struct pipe_job *job, const struct job_rcpt *rcpt,
    enum job_status status, const char *dsn, const char *text)
{
	struct outcome o;

	outcome_set(&o, status, dsn, text);
	say(job, rcpt, &o);
}

/* ---- commands ---- */

static void
on_command_end(struct command *c)
{
	struct delivery *d = OUTER(c, struct delivery, command);
	struct pipe_job *job = d->job;
	struct outcome o;

	if (c->feed.err.class != ERR_NONE)
		outcome_set(&o, JOB_TEMPFAIL, "4.3.0", c->feed.err.text);
	else
		outcome_of(
		    &o, c->wait_status, c->timed_out, buf_slice(&c->printed));
	metric_add(&timeouts, c->timed_out);
	metric_set(&running, --state.running);
	log_debug("command.end", kv_slice("qid", job->qid),
	    kv_slice("to", d->rcpt->address), kv_s("dsn", o.dsn),
	    kv_i("ms", ev_now_ms() - d->since_ms));
	say(job, d->rcpt, &o);
	command_fini(c);
	free(d);
	job->running--;
	if (job->running == 0 && job->next == job->n)
		job_end(job, false);
	pump();
}

/* With the line ends of local programs. */
static void
add_front(struct buf *head, struct slice front)
{
	while (front.n > 0) {
		struct slice line = slice_cut(front, '\n', &front);

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_add(head, line);
		buf_addc(head, '\n');
	}
}

/* What stands before the message. */
static void
add_head(
    struct buf *head, const struct pipe_job *job, const struct job_rcpt *rcpt)
{
	const struct slice from = job->env.sender;
	const time_t now = (time_t)clock_wall_s();
	struct tm tm;
	char date[64] = "";

	if (pipe_conf->mbox_from_line && localtime_r(&now, &tm) != NULL) {
		(void)strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm);
		buf_addf(head, "From %.*s  %s\n",
		    SLICE_FMT(from.n > 0 ? from : SLICE("MAILER-DAEMON")),
		    date);
	}
	buf_addf(head, "Return-Path: <%.*s>\n", SLICE_FMT(from));
	buf_addf(head, "Delivered-To: %.*s\n", SLICE_FMT(rcpt->address));
	add_front(head, job->env.front);
}

static int
start_command(struct pipe_job *job, const struct job_rcpt *rcpt,
    char *const argv[], struct err *err)
{
	struct delivery *d = xcalloc(1, sizeof *d);
	struct buf head = { .max = HEAD_MAX };
	struct command_input in = {
		.head = &head,
		.file = job->check.file,
		.offset = job->check.offset,
		.size = job->check.size,
	};
	const struct command_limits limits = {
		.timeout_ms = pipe_conf->command_timeout,
		.output_max = (size_t)pipe_conf->output_limit,
		.spawn = { .data_bytes = pipe_conf->command_memory,
		    .processes = pipe_conf->command_processes },
	};

	d->job = job;
	d->rcpt = rcpt;
	d->since_ms = ev_now_ms();
	add_head(&head, job, rcpt);
	/* A command may count on its directory: without it, better later. */
	if (chdir(state.owner->home) == -1)
		err_sys(err, ERR_TEMP, "enter %s", state.owner->home);
	else if (command_start(&d->command, argv,
		     environ_make(&job->arena, state.owner, pipe_conf->path,
			 pipe_conf->shared.recipient_delimiter, &job->env,
			 rcpt),
		     &in, &limits, on_command_end, err) == 0) {
		log_debug("command.start", kv_slice("qid", job->qid),
		    kv_slice("to", rcpt->address), kv_i("pid", d->command.pid));
		return 0;
	}
	buf_fini(&head);
	free(d);
	return -1;
}

/* A list of addresses: its members take the recipient's place. */
static void
expand_list(struct pipe_job *job, const struct job_rcpt *rcpt)
{
	struct buf targets = { .max = MSG_MAX_BYTES - 8192 };
	struct err err = { 0 };

	if (include_read(rcpt->target, &targets, &err) == -1) {
		const bool perm = err.class == ERR_PERM;

		say_simple(job, rcpt, perm ? JOB_PERMFAIL : JOB_TEMPFAIL,
		    perm ? "5.3.5" : "4.3.5", err.text);
	} else if (job->peer != NULL)
		IPC_SEND(job->peer, job_result, .job = job->id,
		    .recipient = rcpt->number, .status = JOB_EXPANDED,
		    .dsn = SLICE("2.1.5"), .targets = buf_slice(&targets));
	buf_fini(&targets);
}

static bool
is_permitted(const struct pipe_job *job, const struct job_rcpt *rcpt)
{
	struct err err = { 0 };

	if (slice_starts(rcpt->target, SLICE("/")))
		return true; /* is refused in any case */
	if (permit_find(state.owner, state.aliases, rcpt->address, rcpt->target,
		&err) == FOUND)
		return true;
	log_warn("command.refused", kv_slice("qid", job->qid),
	    kv_slice("to", rcpt->address), kv_s("why", err.text));
	return false;
}

static void
start_argv(
    struct pipe_job *job, const struct job_rcpt *rcpt, char *const argv[])
{
	struct err err = { 0 };

	if (check_was_at(job->delivered_to, rcpt->address))
		say_simple(
		    job, rcpt, JOB_PERMFAIL, "5.4.6", "mail forwarding loop");
	else if (start_command(job, rcpt, argv, &err) == -1) {
		log_warn("command.failed", kv_slice("qid", job->qid),
		    kv_slice("to", rcpt->address), kv_s("why", err.text));
		say_simple(job, rcpt, JOB_TEMPFAIL, "4.3.0", err.text);
	} else {
		job->running++;
		metric_set(&running, ++state.running);
	}
}

/* By the table transports. */
static void
start_route(struct pipe_job *job, const struct job_rcpt *rcpt)
{
	struct err err = { 0 };
	char **argv = route_argv(
	    state.aliases, job->route, &job->env, rcpt, &job->arena, &err);

	if (argv != NULL) {
		start_argv(job, rcpt, argv);
		return;
	}
	log_warn("command.refused", kv_slice("qid", job->qid),
	    kv_slice("to", rcpt->address), kv_s("why", err.text));
	if (err.class == ERR_PERM)
		say_simple(job, rcpt, JOB_PERMFAIL, "5.1.3", err.text);
	else
		say_simple(job, rcpt, JOB_TEMPFAIL, "4.3.5",
		    "its command cannot be run as it is configured");
}

static void
start_script(struct pipe_job *job, const struct job_rcpt *rcpt)
{
	char sh[] = "/bin/sh", flag[] = "-c";
	char *argv[] = { sh, flag,
		arena_str(&job->arena, slice_from(rcpt->target, 1)), NULL };

	start_argv(job, rcpt, argv);
}

static void
start_rcpt(struct pipe_job *job, const struct job_rcpt *rcpt)
{
	if (job->route.n > 0) {
		start_route(job, rcpt);
		return;
	}
	if (!is_permitted(job, rcpt)) {
		/* it may have been changed since, and may be changed again */
		say_simple(job, rcpt, JOB_TEMPFAIL, "4.3.5",
		    "its owner has not written it down");
		return;
	}
	if (slice_starts(rcpt->target, SLICE(":include:"))) {
		expand_list(job, rcpt);
		return;
	}
	if (slice_starts(rcpt->target, SLICE("/"))) {
		say_simple(job, rcpt, JOB_TEMPFAIL, "4.3.5",
		    "mail is not delivered to files; name a command or a "
		    "mailbox");
		return;
	}
	if (rcpt->target.n < 2 || rcpt->target.p[0] != '|' ||
	    slice_find(rcpt->target, '\0') < rcpt->target.n)
		say_simple(job, rcpt, JOB_PERMFAIL, "5.3.5", "empty command");
	else
		start_script(job, rcpt);
}

static bool
has_room(void)
{
	return !state.stopped && state.running < pipe_conf->command_limit;
}

/* Begin what may begin. */
static void
pump(void)
{
	struct pipe_job *job, *tmp;

	TAILQ_FOREACH_SAFE(job, &state.jobs, link, tmp)
	{
		if (!job->checked)
			continue;
		while (has_room() && job->next < job->n)
			start_rcpt(job, &job->rcpts[job->next++]);
		if (job->next == job->n && job->running == 0)
			job_end(job, false);
	}
}

/* ---- jobs ---- */

static void
refuse_all(struct pipe_job *job, const char *why)
{
	for (size_t i = 0; i < job->n; i++)
		say_simple(job, &job->rcpts[i], JOB_TEMPFAIL, "4.3.0", why);
	job_end(job, false);
}

static void
on_task(struct ev_task *task)
{
	struct pipe_job *job = OUTER(task, struct pipe_job, task);
	struct err err = { 0 };

	switch (check_step(&job->check, &err)) {
	case CHECK_MORE:
		ev_task_queue(task);
		return;
	case CHECK_DAMAGED:
		log_err("pipe.message-corrupt", kv_slice("qid", job->qid));
		job_end(job, true);
		return;
	case CHECK_FAILED:
		log_err("pipe.message-unreadable", kv_slice("qid", job->qid),
		    kv_s("why", err.text));
		refuse_all(job, err.text);
		return;
	case CHECK_GOOD:
	default:
		break;
	}
	job->delivered_to = check_delivered_to(&job->check, &job->arena);
	job->checked = true;
	pump();
}

void
pipe_deliver_on_job(struct ipc *peer, struct msg *m)
{
	struct msg_job_start *in = &m->job_start;
	struct pipe_job *job = xcalloc(1, sizeof *job);
	struct err err = { 0 };

	job->peer = peer;
	job->id = in->id;
	arena_init(&job->arena);
	ev_task_init(&job->task, on_task);
	TAILQ_INSERT_TAIL(&state.jobs, job, link);
	job->qid = arena_slice(&job->arena, in->qid);
	job->check = (struct check){ .file = in->file,
		.offset = in->offset,
		.size = in->size,
		.want = in->crc32c };
	in->file = -1;
	if (slice_starts(in->nexthop, SLICE("pipe:")))
		job->route = arena_slice(
		    &job->arena, slice_from(in->nexthop, sizeof "pipe:" - 1));
	if (pipe_read_job(
		in, &job->arena, &job->env, &job->rcpts, &job->n, &err) == -1) {
		/* qmgr's fault or ours; without results it tries again. */
		log_err("pipe.job-invalid", kv_slice("qid", job->qid),
		    kv_s("why", err.text));
		job_end(job, false);
	} else if (job->check.file == -1)
		refuse_all(job, "the queue file cannot be opened");
	else
		ev_task_queue(&job->task);
}

void
pipe_deliver_forget(struct ipc *peer)
{
	struct pipe_job *job, *tmp;

	TAILQ_FOREACH_SAFE(job, &state.jobs, link, tmp)
	{
		if (job->peer != peer)
			continue;
		job->peer = NULL;
		job->next = job->n;
		if (job->running == 0)
			job_free(job);
	}
}

void
pipe_deliver_init(const struct owner *owner, const struct aliases *aliases)
{
	TAILQ_INIT(&state.jobs);
	state.owner = owner;
	state.aliases = aliases;
	command_init();
	metric_register(&delivered);
	metric_register(&failed);
	metric_register(&timeouts);
	metric_register(&running);
}

void
pipe_deliver_stop(void)
{
	state.stopped = true;
}

bool
pipe_deliver_busy(void)
{
	return state.stopped ? state.running > 0 : !TAILQ_EMPTY(&state.jobs);
}
