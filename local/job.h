/* SPDX-License-Identifier: ISC */
/* Jobs of qmgr until each recipient has its result. */
#ifndef LOCAL_JOB_H
#define LOCAL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "ipc/ipc.h"
#include "queue/envelope.h"
#include "queue/job.h"

struct local_message;
struct msg_job_start;

struct local_job {
	struct ipc *peer; /* NULL: qmgr is gone, nobody wants the results */
	uint64_t id;
	int fd;
	int64_t offset;
	int64_t size;
	uint32_t crc32c;
	struct slice body; /* the message, where there is no fd, for scripts */
	struct slice qid;
	struct envelope env;
	struct local_message *message; /* NULL: not yet */
	STAILQ_ENTRY(local_job) turn;  /* of those that wait */
	struct slice rcpts;            /* lines that are not yet taken */
	struct arena arena;
	size_t open; /* recipients without a result */
	bool damaged;
	LIST_ENTRY(local_job) link;
};

/* The job of PEER's IN, whose file is the job's from now on.  One result is
 * owed for the caller itself, who says job_settled when all recipients are
 * under way. */
struct local_job *job_new(struct ipc *peer, struct msg_job_start *in);
/* One result less is owed; the last one frees the job. */
void job_settled(struct local_job *job);
/* The result for recipient NUMBER, which settles it. */
void job_result(struct local_job *job, uint32_t number, enum job_status status,
    const char *dsn, const char *text, struct slice targets);
/* Recipient NUMBER rejects it: TEXT is for a report, and REFUSAL, which has
 * lines, for a client who waits; where it is empty the client is told nothing.
 */
void job_reject(struct local_job *job, uint32_t number, struct slice text,
    struct slice refusal);
/* R could not be delivered to; a full mailbox (ERR_OVER_QUOTA) counts as
 * over_quota says.  The result goes into reports to the sender: what failed
 * here temporarily is for the log alone.  OTHER_DSN as for errwords_dsn. */
void job_fail(struct local_job *job, const struct job_rcpt *r,
    const char *other_dsn, const struct err *err);
/* One recipient has no result because the message is damaged. */
void job_result_damaged(struct local_job *job);
/* PEER is gone. */
void job_forget(const struct ipc *peer);
/* Jobs under way. */
size_t job_count(void);

#endif
