/* SPDX-License-Identifier: ISC */
/*
 * Processes of sieverun's, and whose turn it is in each.
 *
 * A process is one account's: it decides about messages to that, one after the
 * other, and about nobody else's.  It is given none when it has been there for
 * SIEVE_PROCESS_MS, which is all that one captured by a message could see of
 * others.  Who comes while it is busy waits for it, but not long.
 */
#ifndef SCRIPT_PROCESS_H
#define SCRIPT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"

struct msg;
struct script_process;

/* Who has one, or waits for it; zeroed at first, but for the three and
 * charsets. */
struct process_user {
	/* It is U's turn: what is to be done may be said. */
	void (*begin)(struct process_user *u);
	/* A frame, FD -1 or the callee's.  False: it says what it must not. */
	bool (*frame)(struct process_user *u, struct slice frame, int fd);
	/* U's process has ended, and none will come: CRASHED says how. */
	void (*gone)(struct process_user *u, bool crashed);

	TAILQ_ENTRY(process_user) link;
	struct script_process *process; /* NULL: none */
	bool used;                      /* it has had others before */
	bool charsets; /* it is to have them all: the user says so */
};

/* A process of the account OWNER for U, which MOST users may have; 1: one for U
 * alone.  False: there cannot be one now.  begin may be called before it
 * returns. */
bool process_get(struct process_user *u, struct slice owner, uint64_t most);
/* In U's turn; false: it cannot be said. */
bool process_say(struct process_user *u, const struct msg *m);
/* U needs it no more, or its turn no more; MORE: the process can go on with
 * others.  Nothing happens where U has none. */
void process_leave(struct process_user *u, bool more);

#endif
