/* SPDX-License-Identifier: ISC */
#ifndef PIPE_READ_H
#define PIPE_READ_H

#include "base/err.h"
#include "queue/envelope.h"

struct arena;
struct job_rcpt;
struct msg_job_start;

/* The envelope and the *N recipients of a job, in ARENA. */
int pipe_read_job(const struct msg_job_start *in, struct arena *arena,
    struct envelope *env, struct job_rcpt **rcpts, size_t *n, struct err *err);

#endif
