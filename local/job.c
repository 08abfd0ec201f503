/* SPDX-License-Identifier: ISC */
#include "local/job.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "local/conf.h"
#include "local/message.h"
#include "log/log.h"
#include "proto/errwords.h"
#include "sys/fd.h"

static LIST_HEAD(, local_job) jobs = LIST_HEAD_INITIALIZER(jobs);
static size_t njobs;

struct local_job *
job_new(struct ipc *peer, struct msg_job_start *in)
{
	struct local_job *job = xcalloc(1, sizeof *job);

	job->peer = peer;
	job->id = in->id;
	job->fd = in->file;
	in->file = -1;
	job->offset = in->offset;
	job->size = in->size;
	job->crc32c = in->crc32c;
	arena_init(&job->arena);
	job->qid = arena_slice(&job->arena, in->qid);
	job->open = 1; /* the caller's */
	LIST_INSERT_HEAD(&jobs, job, link);
	njobs++;
	return job;
}

size_t
job_count(void)
{
	return njobs;
}

static void
job_end(struct local_job *job)
{
	if (job->peer != NULL)
		IPC_SEND(job->peer, job_done, .id = job->id,
		    .damaged = job->damaged);
	LIST_REMOVE(job, link);
	njobs--;
	fd_close(&job->fd);
	local_message_leave(job);
	arena_fini(&job->arena);
	free(job);
}

void
job_settled(struct local_job *job)
{
	if (--job->open == 0)
		job_end(job);
}

static void
settle(struct local_job *job, const struct msg_job_result *result)
{
	const struct msg m = { .type = MSG_job_result, .job_result = *result };

	if (job->peer != NULL)
		ipc_send(job->peer, &m);
	job_settled(job);
}

void
job_result(struct local_job *job, uint32_t number, enum job_status status,
    const char *dsn, const char *text, struct slice targets)
{
	settle(job, &(const struct msg_job_result){ .job = job->id,
			.recipient = number,
			.status = status,
			.dsn = slice_str(dsn),
			.text = slice_str(text),
			.targets = targets });
}

void
job_reject(struct local_job *job, uint32_t number, struct slice text,
    struct slice refusal)
{
	settle(job, &(const struct msg_job_result){ .job = job->id,
			.recipient = number,
			.status = JOB_PERMFAIL,
			.dsn = SLICE("5.7.1"),
			.text = text,
			.refusal = refusal });
}

/* What the sender reads of it in a report. */
static const char *
public_text(const struct err *err)
{
	if (err->code == ERR_OVER_QUOTA)
		return "mailbox is full";
	return errwords_public(err->class, err->code)
		   ? err->text
		   : "mailbox temporarily unavailable";
}

void
job_fail(struct local_job *job, const struct job_rcpt *r, const char *other_dsn,
    const struct err *err)
{
	const bool perm =
	    err->code == ERR_OVER_QUOTA
		? local_conf->over_quota == LOCAL_OVER_QUOTA_PERMANENT
		: err->class == ERR_PERM;
	char dsn[ERRWORDS_DSN];

	if (!errwords_public(err->class, err->code))
		log_warn("local.delivery-failed", kv_slice("qid", job->qid),
		    kv_slice("account", r->account), kv_s("why", err->text));
	job_result(job, r->number, perm ? JOB_PERMFAIL : JOB_TEMPFAIL,
	    errwords_dsn(perm ? ERR_PERM : ERR_TEMP, err->code, other_dsn, dsn),
	    public_text(err), SLICE(""));
}

void
job_result_damaged(struct local_job *job)
{
	if (!job->damaged)
		log_err("local.message-corrupt", kv_slice("qid", job->qid));
	job->damaged = true;
	job_settled(job);
}

void
job_forget(const struct ipc *peer)
{
	struct local_job *job;

	LIST_FOREACH(job, &jobs, link)
	if (job->peer == peer)
		job->peer = NULL;
}
