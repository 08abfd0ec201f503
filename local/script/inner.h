/* SPDX-License-Identifier: ISC */
/* The inside of run.h: a delivery from its script to its result. */
#ifndef LOCAL_SCRIPT_INNER_H
#define LOCAL_SCRIPT_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "local/job.h"
#include "script/script.h"

struct account;
struct buf;
struct script_decide;
struct script_store;
struct store;
struct verdict;

struct script_run {
	struct store *store;
	struct local_job *job;
	struct job_rcpt rcpt;
	struct account_script script;
	struct account *account; /* when it was asked about */
	struct arena arena;
	struct script_decide *decide; /* in arena */
	struct verdict *verdict;      /* what that is */
	int64_t now_s;
	const char *failed; /* why the verdict is no script's; or NULL */
	/* carrying it out */
	struct script_store *stores; /* in arena */
	size_t nstores, open;        /* without a word */
	struct err err;              /* of the first that failed */
	bool damaged;
	bool parts;    /* of which some may have been done before */
	size_t letter; /* whose turn it is */
	struct ipc_call call;
	void (*end)(struct script_run *r); /* it has its result */
};

/* WHAT of this delivery was done before, or is now. */
bool parts_was_done(const struct script_run *r, const char *what);
void parts_remember(const struct script_run *r, const char *what);

/* r->account is open from now on; false: it cannot be. */
bool owner_account(struct script_run *r);
/* Ask a process of sieverun's, and go on with carry_out, or carry_later. */
void asking_begin(struct script_run *r);
void asking_end(struct script_run *r);

/* Do what r->verdict says, tell qmgr the result, and call r->end. */
void carry_out(struct script_run *r);
/* The message goes where it goes without a script, because of WHY. */
void carry_keep(struct script_run *r, const char *why);
/* It is tried again. */
void carry_later(struct script_run *r, const char *why);
/* The mailboxes of r->verdict, and then DONE: r->err says what failed. */
void stores_begin(struct script_run *r, void (*done)(struct script_run *r));
/* They are noted, and not made again. */
void stores_remember(const struct script_run *r);
void stores_end(struct script_run *r);
/* A line for each mailbox that is not there, for people: what was to be in it
 * is in INBOX. */
void stores_put_elsewhere(const struct script_run *r, struct buf *out);

/* What r->verdict sends, and then DONE: r->err says what failed. */
void letters_begin(struct script_run *r, void (*done)(struct script_run *r));

/* Keep what was decided, and why (sieve_trace_keep). */
void traced_keep(const struct script_run *r);

/* A message to the owner about an error in his script, to OUT; false: he had
 * one today. */
bool notice_due(const struct script_run *r);
void notice_put(const struct script_run *r, struct buf *out);

#endif
