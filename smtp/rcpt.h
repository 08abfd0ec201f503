/* SPDX-License-Identifier: ISC */
/* A recipient of a job, and what qmgr hears of him. */
#ifndef SMTP_RCPT_H
#define SMTP_RCPT_H

#include "queue/job.h"
#include "smtp/session/result.h"

struct smtp_job;

enum smtp_rcpt_state {
	SMTP_RCPT_OPEN,     /* no final answer yet */
	SMTP_RCPT_SENT,     /* in the transaction that runs */
	SMTP_RCPT_ACCEPTED, /* 2xx to its RCPT */
	SMTP_RCPT_AGAIN,    /* too many for one transaction: the next one */
	SMTP_RCPT_DONE,     /* qmgr knows its result */
};

struct smtp_rcpt {
	struct job_rcpt in;
	enum smtp_rcpt_state state;
	/* The best that is known while it is open; NULL: nothing. */
	struct smtp_result *last;
};

/* R's result is final: qmgr hears of it. */
void smtp_rcpt_tell(struct smtp_job *job, struct smtp_rcpt *r,
    const struct smtp_result *result);
/* R is open, for another host or another time; RESULT is kept, if it counts for
 * more than what is known. */
void smtp_rcpt_keep(struct smtp_rcpt *r, const struct smtp_result *result);
/* What RESULT says of the host counts for JOB's site, if it is better than what
 * was seen of that. */
void smtp_rcpt_note_site(
    struct smtp_job *job, const struct smtp_result *result);
/* R has a result, which may say something of the host as well: final ones go to
 * qmgr, others are kept. */
void smtp_rcpt_result(struct smtp_job *job, struct smtp_rcpt *r,
    const struct smtp_result *result);

#endif
