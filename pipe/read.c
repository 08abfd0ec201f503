/* SPDX-License-Identifier: ISC */
#include "pipe/read.h"

#include "ipc/msg.h"
#include "queue/envelope_text.h"
#include "queue/job.h"

enum { MAX_RCPTS = 1000 };

int
pipe_read_job(const struct msg_job_start *in, struct arena *arena,
    struct envelope *env, struct job_rcpt **rcpts, size_t *n, struct err *err)
{
	struct slice lines = in->recipients;
	size_t len;

	*n = 0;
	if (envelope_parse(
		in->envelope, ENVELOPE_FROM_QMGR, arena, env, &len, err) == -1)
		return -1;
	*rcpts = arena_alloc(arena, MAX_RCPTS * sizeof **rcpts);
	while (*n < MAX_RCPTS && job_rcpt_parse(&lines, arena, *rcpts + *n))
		++*n;
	if (lines.n > 0)
		return err_set(err, ERR_PERM, "the job has a broken recipient");
	return 0;
}
