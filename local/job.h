/* SPDX-License-Identifier: ISC */
/* Jobs from qmgr: which recipients, what came of each. */
#ifndef LOCAL_JOB_H
#define LOCAL_JOB_H

#include <sys/queue.h>

#include "base/arena.h"
#include "ipc/ipc.h"
#include "queue/envelope.h"
#include "queue/job.h"

struct record;

enum { JOB_HEADER_BYTES = 64 << 10 };

struct local_job {
	struct ipc *peer; /* NULL: qmgr is gone, nobody wants the results */
	uint64_t id;
	int fd;
	int64_t offset;
	int64_t size;
	uint32_t crc32c;
	struct slice qid;
	/* The message's first bytes (JOB_HEADER_BYTES at most), and their
	 * checksum; empty when they could not be read. */
	struct slice header;
	uint32_t header_crc;
	struct envelope env;
	struct record *record; /* NULL: imapd will make one */
	struct arena arena;
	size_t open; /* recipients without a result */
	bool damaged;
	LIST_ENTRY(local_job) link;
};

/* job_start */
void job_on_start(struct ipc *peer, struct msg *m);
/* The result for recipient NUMBER; the last one frees the job. */
void job_result(struct local_job *job, uint32_t number, enum job_status status,
    const char *dsn, const char *text, struct slice targets);
/* Recipient NUMBER could not be delivered to; a full mailbox (ERR_OVER_QUOTA)
 * counts as over_quota says. */
void job_fail(struct local_job *job, uint32_t number, const struct err *err);
/* One recipient has no result because the message is damaged. */
void job_result_damaged(struct local_job *job);
/* PEER is gone. */
void job_forget(const struct ipc *peer);
void job_init(void);
/* Jobs under way. */
size_t job_count(void);

#endif
