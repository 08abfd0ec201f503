/* SPDX-License-Identifier: ISC */
/* Deliveries that scripts decide about (carry.c has the order of things). */
#ifndef LOCAL_SIEVE_RUN_H
#define LOCAL_SIEVE_RUN_H

#include <stdbool.h>

struct job_rcpt;
struct local_job;
struct store;

void run_init(struct store *store, void (*on_room)(void));
/* Does a script decide about R?  Then true: its result follows. */
bool run_begin(struct local_job *job, const struct job_rcpt *r);
/* Are there not too many of them already? */
bool run_has_room(void);

#endif
