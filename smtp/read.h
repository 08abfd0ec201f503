/* SPDX-License-Identifier: ISC */
/* What qmgr says of a job (job_start). */
#ifndef SMTP_READ_H
#define SMTP_READ_H

#include "base/err.h"

struct msg_job_start;
struct smtp_job;

/* Take message, envelope and recipients into JOB, which is new. */
int smtp_read_job(
    struct smtp_job *job, struct msg_job_start *in, struct err *err);
/* Free what that took. */
void smtp_read_free(struct smtp_job *job);

#endif
