/* SPDX-License-Identifier: ISC */
#include "local/intake.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ev/work.h"
#include "ipc/msg.h"
#include "local/conf.h"
#include "local/deliver.h"
#include "local/forwarded.h"
#include "local/job.h"
#include "local/message.h"
#include "local/script/run.h"
#include "local/trace.h"
#include "log/log.h"
#include "log/metric.h"
#include "queue/envelope_text.h"
#include "queue/job.h"

static struct ev_task turns;

static struct metric records = { .name = "pabal_local_records",
	.help = "Deliveries with a stored MIME structure." };
static struct metric records_refused = { .name = "pabal_local_records_refused",
	.help = "MIME structures that were invalid or of another message." };

/* ---- one recipient ---- */

static void
one_recipient(struct local_job *job, const struct job_rcpt *r)
{
	if (trace_is_loop(job->message->header, r->address)) {
		job_result(job, r->number, JOB_PERMFAIL, "5.4.6",
		    "mail forwarding loop: already delivered to this address",
		    SLICE(""));
		return;
	}
	if (r->account.n == 0) {
		job_result(job, r->number, JOB_PERMFAIL, "5.3.5",
		    "not a mailbox", SLICE(""));
		return;
	}
	if (!forwarded_begin(job, r) && !run_begin(job, r))
		local_deliver(job, r);
}

/* ---- a job ---- */

/* The file must hold what the job says before anything is copied. */
static bool
is_whole(const struct local_job *job, struct slice body)
{
	struct stat st;

	if (body.n > 0)
		return job->fd == -1 && job->size == (int64_t)body.n;

	return job->fd != -1 && fstat(job->fd, &st) == 0 && job->offset >= 0 &&
	       job->size >= 0 && st.st_size >= job->offset &&
	       st.st_size - job->offset >= job->size;
}

static void
join(struct local_job *job, const struct msg_job_start *in)
{
	const bool many = slice_find(job->rcpts, '\n') + 1 < job->rcpts.n;

	if (!local_message_join(job, in->body, in->record, many)) {
		/* Only the message's structure is in it: imapd makes its
		 * own. */
		metric_add(&records_refused, 1);
		log_warn("local.structure-invalid", kv_slice("qid", job->qid));
	} else if (in->record.n > 0) {
		metric_add(&records, 1);
	}
}

void
local_intake_on_job(struct ipc *peer, struct msg *m)
{
	struct local_job *job = job_new(peer, &m->job_start);
	struct err err = { 0 };
	size_t len;

	if (!is_whole(job, m->job_start.body) ||
	    envelope_parse(m->job_start.envelope, ENVELOPE_FROM_QMGR,
		&job->arena, &job->env, &len, &err) == -1) {
		log_err("local.job-invalid", kv_slice("qid", job->qid),
		    kv_s("why",
			err.text[0] != '\0' ? err.text : "the file is short"));
		job_settled(job);
		return;
	}
	job->rcpts = arena_slice(&job->arena, m->job_start.recipients);
	if (local_conf->sieve)
		job->body = arena_slice(&job->arena, m->job_start.body);
	join(job, &m->job_start);
	ev_task_queue(&turns);
}

/* ---- turns ---- */

static bool
has_room(void)
{
	return local_deliver_has_room() && run_has_room();
}

/* Recipients of JOB as long as there is time; true when it has no more. */
static bool
start_some(struct local_job *job)
{
	struct job_rcpt r;

	while (job_rcpt_parse(&job->rcpts, &job->arena, &r)) {
		job->open++;
		if (!local_conf->extension_folders)
			r.extension = SLICE("");
		one_recipient(job, &r);
		if (work_spent() || !has_room())
			return job->rcpts.n == 0;
	}
	return true;
}

static void
one_turn(struct local_job *job)
{
	if (!local_message_read(job)) {
		local_message_wait(job);
		return;
	}
	if (!start_some(job))
		return;
	local_message_started(job);
	job_settled(job);
}

/* What waits for the batch under way goes on when there is room again. */
static void
on_turns(struct ev_task *task)
{
	struct local_job *job;

	work_begin();
	while (has_room() && (job = local_message_next()) != NULL) {
		one_turn(job);
		if (work_spent())
			break;
	}
	if (local_message_next() != NULL && has_room())
		ev_task_queue(task);
	else
		local_deliver_commit();
}

static void
on_room(void)
{
	if (local_message_next() != NULL)
		ev_task_queue(&turns);
}

void
local_intake_init(struct store *store)
{
	local_message_init(store);
	local_deliver_init(store, on_room);
	run_init(store, on_room);
	ev_task_init(&turns, on_turns);
	metric_register(&records);
	metric_register(&records_refused);
}
