/* SPDX-License-Identifier: ISC */
#include "smtp/read.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ipc/ipc.h"
#include "queue/envelope_text.h"
#include "smtp/job.h"
#include "smtp/session/content.h"
#include "smtp/session/text.h"
#include "smtp/sign/sign.h"
#include "sys/fd.h"

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

/* The message: its file, or where that is not needed, all of its bytes. */
static int
take_text(struct smtp_job *job, struct msg_job_start *in, struct err *err)
{
	if (in->size < 0 ||
	    (in->file == -1 && in->body.n != (uint64_t)in->size))
		return err_set(err, ERR_TEMP, "no file");
	job->text = xcalloc(1, sizeof *job->text);
	*job->text = (struct smtp_text){ .fd = in->file,
		.bytes = arena_slice(&job->arena, in->body).p,
		.offset = in->offset,
		.size = in->size };
	job->crc32c = in->crc32c;
	in->file = -1;
	return 0;
}

int
smtp_read_job(struct smtp_job *job, struct msg_job_start *in, struct err *err)
{
	size_t len;

	if (take_text(job, in, err) == -1)
		return -1;
	job->qid = arena_slice(&job->arena, in->qid);
	if (!take_rcpts(job, in->recipients))
		return err_set(err, ERR_TEMP, "recipients cannot be read");
	if (envelope_parse(in->envelope, ENVELOPE_FROM_QMGR, &job->arena,
		&job->env, &len, err) == -1)
		return -1;
	job->content =
	    smtp_content_new(job->text, slice_iis(job->env.body, "BINARYMIME"));
	return 0;
}

void
smtp_read_free(struct smtp_job *job)
{
	smtp_sign_free(job);
	smtp_content_free(&job->content);
	if (job->text != NULL)
		fd_close(&job->text->fd);
	xfree(&job->text);
	for (size_t i = 0; i < job->nrcpts; i++)
		free(job->rcpts[i].last);
	free(job->rcpts);
}
