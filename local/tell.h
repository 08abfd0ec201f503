/* SPDX-License-Identifier: ISC */
/* Who hears of a delivery: the log, the counter, imapd's sessions, and lookup,
 * which reckons what room a mailbox has left. */
#ifndef LOCAL_TELL_H
#define LOCAL_TELL_H

#include <stdint.h>

#include "base/slice.h"

struct account;
struct job_rcpt;
struct local_job;
struct mailbox;

void tell_init(void);
/* JOB's message is in M of A with UID, for R. */
void tell_delivered(const struct local_job *job, const struct job_rcpt *r,
    struct account *a, const struct mailbox *m, uint32_t uid);
/* There is no MAILBOX where a script of R wants JOB's message. */
void tell_elsewhere(const struct local_job *job, const struct job_rcpt *r,
    struct slice mailbox);
/* A had no room for a message to R. */
void tell_full(const struct job_rcpt *r, struct account *a);

#endif
