/* SPDX-License-Identifier: ISC */
/*
 * What scripts say of a message: first a process of sieverun's is asked for the
 * user's code, where there is none that fits, which sees no message, because it
 * is for all that come; then another one, which may have seen other messages to
 * the same account, for what is to be done.
 */
#ifndef SCRIPT_DECIDE_H
#define SCRIPT_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "ipc/sieve.h"
#include "script/seen.h"

struct account;
struct account_script;
struct script_decide;
struct script_worker;
struct verdict;

struct decide_ops {
	/* Of whom questions are asked; NULL: it cannot be opened. */
	struct account *(*account)(struct script_decide *d);
	/* Say the message, and what is to be run (sieve_run). */
	bool (*say)(struct script_decide *d, struct script_worker *w);
	/* It is decided (d->verdict), or WHY not.  Never SIEVE_END_STALE. */
	void (*done)(
	    struct script_decide *d, enum sieve_end status, const char *why);
};

struct script_decide {
	const struct decide_ops *ops;
	void *arg;                           /* of the caller's */
	const struct account_script *script; /* stays */
	struct slice owner;                  /* the account's address */
	bool alone;                          /* see worker.h */
	int64_t size;                        /* bytes of the message */
	uint64_t most; /* messages for which one process is; see process.h */
	int64_t now_s;
	struct arena *arena; /* what is decided is in it */
	struct verdict *verdict;
	struct buf code;
	struct seen_list duplicates;
	struct script_worker *worker; /* NULL: none yet */
	/* In this run: a second time would not help. */
	bool compiled, charsets;
};

/* What stands above verdict is set, the rest zeroed.  done() may be called
 * before it returns. */
void decide_begin(struct script_decide *d);
/* What was tested and done, in lines. */
struct slice decide_trace(const struct script_decide *d);
/* Where the script failed; line 0: not known. */
const char *decide_where(const struct script_decide *d, uint32_t *line);
/* After done(), or when nothing is to come of it. */
void decide_end(struct script_decide *d);

#endif
