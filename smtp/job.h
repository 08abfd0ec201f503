/* SPDX-License-Identifier: ISC */
/*
 * A delivery that qmgr asked for: a message to some recipients at one next
 * hop.  The job finds the hosts, tries them in order, one session at a time,
 * until each recipient has a final answer or no host is left, and tells qmgr
 * each result as soon as it is final.
 */
#ifndef SMTP_JOB_H
#define SMTP_JOB_H

#include <sys/queue.h>

#include "queue/envelope.h"
#include "queue/job.h"
#include "smtp/route/target.h"
#include "smtp/session/reply.h"

enum { SMTP_TEXT_SIZE = 600 };

/* What became of a recipient, or of a session as a whole. */
struct smtp_result {
	enum job_status status;
	char dsn[SMTP_DSN_SIZE];
	char host[SMTP_TARGET_TEXT];
	char text[SMTP_TEXT_SIZE];
	bool said;          /* the host itself said so */
	enum job_site site; /* what it says of the host */
};

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

struct ipc;
struct msg;
struct smtp_content;
struct smtp_route;
struct smtp_session;

struct smtp_job {
	TAILQ_ENTRY(smtp_job) link;
	TAILQ_ENTRY(smtp_job) waiting; /* for a free session */
	struct arena arena;
	struct ipc *qmgr; /* NULL: it is gone, nobody wants results */
	uint64_t id;
	struct slice qid;
	struct envelope env;
	int fd;
	int64_t offset, size;
	uint32_t crc32c;
	struct smtp_content *content; /* NULL: there is no file */
	struct smtp_rcpt *rcpts;
	size_t nrcpts;
	bool lmtp, relayhost;
	struct slice nexthop;     /* as looked up, for texts */
	struct smtp_route *route; /* NULL until smtp_route() */
	unsigned tried;
	bool begun;                    /* a session was used or tried */
	char reused[SMTP_TARGET_TEXT]; /* the idle session it found */
	struct smtp_session *session;  /* that serves it now */
	bool is_waiting;
	bool damaged;
	enum job_site site; /* the best that was seen of it */
};

/* job_start */
void smtp_job_on_start(struct ipc *peer, struct msg *m);
/* A peer is gone; its jobs are given up unless the final dot was sent. */
void smtp_job_forget(struct ipc *peer);
/* Call FN when no job is left, at once if none is; no other is begun. */
void smtp_job_when_idle(void (*fn)(void));

/* From route.c: hosts are known, try them. */
void smtp_job_routed(struct smtp_job *job);
/* From route.c: there is no way to any host; WHY NULL: in this process. */
void smtp_job_no_route(struct smtp_job *job, const struct smtp_result *why);
/* From the pool: a session may be opened now. */
void smtp_job_admitted(struct smtp_job *job);

/* From the session, whose last word each of these two is.  The first: it
 * failed as a whole; FINAL: no other host may be tried. */
void smtp_job_failed(
    struct smtp_job *job, const struct smtp_result *why, bool final);
/* Every recipient of the transaction has a result or is open for the next
 * host. */
void smtp_job_continue(struct smtp_job *job);

/* R has a result: final ones go to qmgr, others are kept. */
void smtp_job_result(struct smtp_job *job, struct smtp_rcpt *r,
    const struct smtp_result *result);

#endif
