/* SPDX-License-Identifier: ISC */
/*
 * A delivery that qmgr asked for: a message to some recipients at one next
 * hop.  The job finds the hosts, tries them in order, one session at a time
 * (while it connects to a host, to several of its addresses: RFC 8305), until
 * each recipient has a final answer, which qmgr is told, or no host is left.
 */
#ifndef SMTP_JOB_H
#define SMTP_JOB_H

#include <sys/queue.h>

#include "ev/loop.h"
#include "queue/envelope.h"
#include "smtp/rcpt.h"
#include "smtp/route/target.h"

struct ipc;
struct msg;
struct smtp_content;
struct smtp_route;
struct smtp_session;
struct smtp_text;

TAILQ_HEAD(smtp_dials, smtp_session);

struct smtp_job {
	TAILQ_ENTRY(smtp_job) link;
	TAILQ_ENTRY(smtp_job) waiting; /* for a free session */
	struct arena arena;
	struct ipc *qmgr; /* NULL: it is gone, nobody wants results */
	uint64_t id;
	struct slice qid, front; /* front: fields before the message */
	struct envelope env;
	struct smtp_text *text; /* its file is the job's */
	uint32_t crc32c;
	struct smtp_content *content; /* NULL: it could not be read */
	struct smtp_sign *sign;       /* NULL until it goes to a host */
	struct smtp_rcpt *rcpts;
	size_t nrcpts;
	bool lmtp, relayhost;
	uint64_t auth;             /* as in its targets */
	struct slice nexthop;      /* as looked up, for texts */
	uint32_t session_messages; /* in one session; 0: as configured */
	struct slice source;       /* table/source.h; empty: any address */
	struct smtp_route *route;  /* NULL until smtp_route() */
	unsigned tried;
	int64_t connect_ms, since_ms;  /* in no session that takes it; or 0 */
	bool begun;                    /* a session was used or tried */
	char reused[SMTP_TARGET_TEXT]; /* the idle session it found */
	struct smtp_session *session;  /* that serves it now */
	/* Before that: the connections on their way, to addresses of one host,
	 * of which the first that is made serves it; when the next is begun;
	 * and where others were going. */
	struct smtp_dials dials;
	struct ev_timer next_dial;
	struct smtp_target *left;
	size_t nleft;
	bool is_waiting, damaged;
	enum job_site site; /* the best that was seen of it */
};

/* Before the first job. */
void smtp_job_init(void);
/* job_start */
void smtp_job_on_start(struct ipc *peer, struct msg *m);
/* A peer is gone; its jobs are given up unless the final dot was sent. */
void smtp_job_forget(struct ipc *peer);
/* Call FN when no job is left, at once if none is; no other is begun. */
void smtp_job_when_idle(void (*fn)(void));

#endif
