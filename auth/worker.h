/* SPDX-License-Identifier: ISC */
/*
 * Processes that hash passwords, because that takes milliseconds on purpose.
 * They are forked within the sandbox, so they can do no more than this
 * daemon, hold nothing but a socket to it, and forget each secret at once.
 */
#ifndef AUTH_WORKER_H
#define AUTH_WORKER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct worker;

struct worker_job {
	/* FOUND: it is the password; TEMPFAIL: WHY says what went wrong. */
	void (*done)(struct worker_job *job, enum found found, const char *why);
	struct worker *worker; /* NULL: not under way */
};

/* Start N of them.  PRETEND: the scheme of password_pretend, for names that
 * have no password.  ON_FREE is called when there is one to spare. */
int worker_start_all(
    unsigned n, const char *pretend, void (*on_free)(void), struct err *err);
void worker_stop_all(void);

bool worker_is_free(void);
/* Have SECRET checked against STORED (empty: pretend) by a free worker. */
void worker_run(
    struct worker_job *job, struct slice stored, struct slice secret);
/* done() will not come. */
void worker_forget(struct worker_job *job);

#endif
