/* SPDX-License-Identifier: ISC */
/* The inside of run.h: a run from its script to its result. */
#ifndef LOCAL_SIEVE_INNER_H
#define LOCAL_SIEVE_INNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "local/deliver.h"
#include "local/job.h"
#include "local/sieve/script.h"
#include "local/sieve/seen.h"
#include "local/sieve/verdict.h"
#include "local/sieve/worker.h"

struct account;
struct store;

enum { RUN_DUPLICATES_MAX = 32 };

struct run;

/* A store that is under way. */
struct run_store {
	struct local_store store;
	struct run *run;
	struct verdict_action *action; /* NULL: the notice to the owner */
	char what[16];                 /* its name among what was done */
	bool stored;
};

struct run {
	TAILQ_ENTRY(run) link;
	struct local_job *job;
	struct job_rcpt rcpt;
	struct script script;
	struct account *account; /* when it was asked about */
	struct worker worker;
	bool working;  /* worker is in use */
	bool compiled; /* in this run: a second time would not help */
	struct arena arena;
	struct verdict verdict;
	struct seen_key duplicates[RUN_DUPLICATES_MAX];
	uint32_t duplicate_s[RUN_DUPLICATES_MAX];
	size_t nduplicates;
	int64_t now_s;
	const char *failed; /* why the verdict is no script's; or NULL */
	/* carrying it out */
	struct run_store stores[SIEVE_ACTIONS_MAX + 1];
	size_t nstores, open; /* without a word */
	struct err err;       /* of the first that failed */
	bool damaged;
	bool parts;    /* of which some may have been done before */
	size_t letter; /* whose turn it is */
	struct ipc_call call;
	void (*end)(struct run *r); /* it has its result */
};

/* r->account is open from now on; false: it cannot be. */
bool run_account(struct run *r);
/* Do what r->verdict says, tell qmgr the result, and call r->end. */
void carry_out(struct run *r);
/* The bytes of an action: its head, its body, the message's. */
bool carry_bytes(
    const struct run *r, const struct verdict_action *a, struct buf *out);

/* Keep what was decided (sieve_trace_keep), and why. */
void decided_keep(const struct run *r, struct slice trace);

/* A message to the owner about an error in his script, to OUT; false: he had
 * one today. */
bool notice_due(const struct run *r);
void notice_put(const struct run *r, struct buf *out);

#endif
