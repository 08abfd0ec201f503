/* SPDX-License-Identifier: ISC */
/*
 * One message in a process of sieverun's, from here: what that is given, its
 * questions, and its end.  It has read a stranger's message, so what it says is
 * bounded, and is about nothing but the recipient it was made for.
 */
#ifndef SCRIPT_WORKER_H
#define SCRIPT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/sieve.h"
#include "script/process.h"
#include "script/range.h"

struct script_worker {
	void *arg; /* of whoever began it */
	/* Its turn has come: say what is to be done. */
	void (*begin)(struct script_worker *w);
	struct slice account; /* whom it runs for */
	bool alone;    /* only that is known of whom the account can be */
	bool charsets; /* see process.h */
	/* A question: FOUND, ABSENT or TEMPFAIL, *NUMBER, and TEXT. */
	enum found (*ask)(struct script_worker *w,
	    const struct msg_sieve_ask *q, uint64_t *number, struct buf *text);
	/* An action, with what pieces have come for it.  False: it is none. */
	bool (*act)(struct script_worker *w, const struct msg_sieve_action *in);
	/* It has ended, once: with what it said, or, where it said nothing or
	 * what it must not, SIEVE_END_LATER, or SIEVE_END_FAILED when it
	 * crashed, which the next one would as well. */
	void (*end)(struct script_worker *w, enum sieve_end status);

	struct process_user user;
	struct ipc_call owned;
	struct ev_timer deadline;
	struct buf pieces[SIEVE_PIECES];
	struct script_range ranges[SIEVE_RANGES_MAX]; /* of the body */
	size_t nranges;
	int64_t room; /* bytes that may still come */
	struct ev_task finish;
	bool said, more, ended, crashed;
	enum sieve_end status;
	char script[256], why[256];
	uint32_t line;
};

/* Get a process; false: there cannot be one just now.  ROOM: bytes that it may
 * say.  MOST as for process_get. */
bool worker_begin(struct script_worker *w, int64_t room, uint64_t most);
bool worker_say(struct script_worker *w, const struct msg *m);
#define WORKER_SAY(w, name, ...)                                               \
	worker_say((w), &(const struct msg){                                   \
			    .type = MSG_##name, .name = { __VA_ARGS__ } })
bool worker_say_bytes(
    struct script_worker *w, enum sieve_piece_kind what, struct slice bytes);
/* After its end, or when nothing is to come of it: end() is not called. */
void worker_fini(struct script_worker *w);

#endif
