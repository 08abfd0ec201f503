/* SPDX-License-Identifier: ISC */
/*
 * A delivery that a script decides about.  The order of its steps is what keeps
 * mail: the script runs, what it stores is on disk, and only then is anything
 * sent.  What was stored, and what was sent, is remembered (seen.h) as long as
 * something is left to do, so that a retry does the rest alone.
 *
 *	state on disk			a crash there leaves
 *	nothing				qmgr tries again, all of it
 *	stored, not remembered		it is stored twice
 *	stored, remembered		a retry sends the rest
 *	a letter in the queue, which
 *	is not remembered		it is sent twice
 *	all of it, no result		stored twice where nothing was sent
 */
#ifndef LOCAL_SIEVE_RUN_H
#define LOCAL_SIEVE_RUN_H

#include <stdbool.h>

#include "local/job.h"

struct store;

void run_init(struct store *store, void (*on_room)(void));
/* Does a script decide about R?  Then true: its result follows. */
bool run_begin(struct local_job *job, const struct job_rcpt *r);
/* Are there not too many of them already? */
bool run_has_room(void);

#endif
