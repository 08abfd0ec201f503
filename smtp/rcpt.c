/* SPDX-License-Identifier: ISC */
#include "smtp/rcpt.h"

#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "smtp/job.h"

void
smtp_rcpt_tell(
    struct smtp_job *job, struct smtp_rcpt *r, const struct smtp_result *result)
{
	const int64_t connect_ms =
	    job->connect_ms +
	    (job->since_ms > 0 ? ev_now_ms() - job->since_ms : 0);

	r->state = SMTP_RCPT_DONE;
	if (job->qmgr != NULL)
		IPC_SEND(job->qmgr, job_result, .job = job->id,
		    .recipient = r->in.number, .status = result->status,
		    .dsn = slice_str(result->dsn),
		    .host = slice_str(result->host),
		    .source = slice_str(result->source),
		    .text = slice_str(result->text),
		    .tls = slice_str(result->tls),
		    .connect_ms = connect_ms < UINT32_MAX ? (uint32_t)connect_ms
							  : UINT32_MAX);
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

void
smtp_rcpt_keep(struct smtp_rcpt *r, const struct smtp_result *result)
{
	r->state = SMTP_RCPT_OPEN;
	if (!counts_more(result, r->last))
		return;
	if (r->last == NULL)
		r->last = xmalloc(sizeof *r->last);
	*r->last = *result;
}

void
smtp_rcpt_note_site(struct smtp_job *job, const struct smtp_result *result)
{
	if (result->site > job->site)
		job->site = result->site;
}

void
smtp_rcpt_result(
    struct smtp_job *job, struct smtp_rcpt *r, const struct smtp_result *result)
{
	smtp_rcpt_note_site(job, result);
	if (result->status == JOB_TEMPFAIL)
		smtp_rcpt_keep(r, result);
	else
		smtp_rcpt_tell(job, r, result);
}
