/* SPDX-License-Identifier: ISC */
/* Messages into mailboxes, in batches. */
#ifndef LOCAL_DELIVER_H
#define LOCAL_DELIVER_H

#include <stdbool.h>

#include "local/job.h"

struct local_store;
struct store;

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
