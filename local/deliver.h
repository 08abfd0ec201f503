/* SPDX-License-Identifier: ISC */
/*
 * Messages into mailboxes.
 *
 * What comes in one turn of the loop makes one batch with one wait for the
 * disk.  A large message is copied in steps, in a batch of its own, so that it
 * holds up nobody.  A message is read once: the copy, its checksum and where
 * its parts stand in the mailbox's file (record.h) come from the same bytes.
 */
#ifndef LOCAL_DELIVER_H
#define LOCAL_DELIVER_H

#include "local/job.h"
#include "store/store.h"

/* Work in STORE. */
void local_deliver_init(struct store *store);
/* Deliver JOB's message to R's mailbox; job_result follows, later. */
void local_deliver(struct local_job *job, const struct job_rcpt *r);

#endif
