/* SPDX-License-Identifier: ISC */
/* Messages into mailboxes, in batches. */
#ifndef LOCAL_DELIVER_H
#define LOCAL_DELIVER_H

#include <stdbool.h>

#include "local/job.h"

struct local_message;
struct store;

/* One of the places that a script wants a message in. */
struct local_store {
	struct slice mailbox; /* empty: where the address says */
	bool create;          /* where it does not exist */
	unsigned flags;
	struct slice keywords;         /* with blanks between */
	struct local_message *message; /* instead of the job's, or NULL */
	/* It is on disk (ERR NULL), or nothing is, for a reason or because the
	 * message is DAMAGED. */
	void (*done)(struct local_store *s, const struct err *err);
	uint32_t uid;
	bool elsewhere; /* there is no such mailbox, so it is in INBOX */
	bool damaged;
};

/* Work in STORE; ON_ROOM: local_deliver_has_room is true again. */
void local_deliver_init(struct store *store, void (*on_room)(void));
/* Deliver JOB's message, which was read, to R's mailbox; job_result follows,
 * later. */
void local_deliver(struct local_job *job, const struct job_rcpt *r);
/* The same to where S says, which stays until it is told; no result follows. */
void local_deliver_store(
    struct local_job *job, const struct job_rcpt *r, struct local_store *s);
/* Does the batch take more? */
bool local_deliver_has_room(void);
/* Nobody else comes for now. */
void local_deliver_commit(void);

#endif
