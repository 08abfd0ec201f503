/* SPDX-License-Identifier: ISC */
/*
 * The recipients of a delivery as qmgr sends them (job_start.recipients), one
 * a line, values escaped as in queue/envelope.h:
 *   NUMBER address=… [account=… home=… quota=… extension=… orcpt=… notify=…
 *   target=… original=…]
 * and what comes back for each (job_result.status) and at the end.
 */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

enum job_status {
	JOB_DELIVERED, /* dsn 2.x.x */
	JOB_RELAYED,   /* delivered to a host that will not report (RFC 3461) */
	JOB_TEMPFAIL,  /* dsn 4.x.x: try again */
	JOB_PERMFAIL,  /* dsn 5.x.x: bounce */
	JOB_EXPANDED,  /* targets, one a line, take this recipient's place */
};

/* What a delivery has shown of the site that was to be dialled (job_done.site,
 * from smtp), best last. */
enum job_site {
	JOB_SITE_UNKNOWN,  /* none of its hosts was dialled, or it was our wish
			      (TLS) that could not be met */
	JOB_SITE_FAILED,   /* no connection, no service (421), or lost */
	JOB_SITE_ANSWERED, /* one of its hosts spoke to the message */
};

struct job_rcpt {
	uint32_t number; /* names it in job_result */
	struct slice address;
	struct slice account;   /* local: the mailbox's canonical address */
	struct slice home;      /* local: its path beneath the directory */
	struct slice extension; /* local: tag of user+tag */
	uint64_t quota_bytes, quota_messages; /* local; 0: no limit */
	struct slice orcpt, notify;
	struct slice target;   /* "|command", ":include:path"; else empty */
	struct slice original; /* address before expansion; may be empty */
};

void job_rcpt_format(const struct job_rcpt *r, struct buf *out);
/* Take the next line off TEXT.  False at the end, or when the line is no
 * recipient (then *TEXT is not empty).  Slices are in ARENA. */
bool job_rcpt_parse(
    struct slice *text, struct arena *arena, struct job_rcpt *r);
/* "delivered", "tempfail", …; "?" for what is none. */
const char *job_status_name(enum job_status status);
/* False when NAME is none. */
bool job_status_find(struct slice name, enum job_status *status);

#endif
