/* SPDX-License-Identifier: ISC */
/*
 * What a script is run on and in: the message, its envelope, the date, and
 * questions about the account that only the caller can answer.  Everything is
 * borrowed for the run.
 */
#ifndef SIEVE_ENV_H
#define SIEVE_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "mime/date.h"

struct buf;
struct sieve_call;
struct sieve_env;
struct sieve_exec;
struct sieve_limits;

/* Of a message: was its like seen before (RFC 7352)? */
struct sieve_seen {
	struct slice handle;
	struct slice id;
	uint32_t seconds;
	bool last; /* the time begins anew each time */
};

/* spamtest counts 1 to 10, with :percent 0 to 100, virustest 1 to 5. */
enum sieve_score_kind {
	SIEVE_SCORE_SPAM,
	SIEVE_SCORE_PERCENT,
	SIEVE_SCORE_VIRUS
};

/* Questions.  NULL answers as an account that has INBOX and nothing else;
 * TEMPFAIL ends the run as temporary failure. */
struct sieve_calls {
	enum found (*mailbox)(struct sieve_env *env, struct slice name);
	enum found (*mailbox_id)(struct sieve_env *env, struct slice id);
	/* Has the mailbox (p == NULL: any) that attribute? */
	enum found (*special_use)(
	    struct sieve_env *env, struct slice mailbox, struct slice use);
	/* MAILBOX p == NULL: the server's. */
	enum found (*metadata)(struct sieve_env *env, struct slice mailbox,
	    struct slice name, struct buf *value);
	enum found (*duplicate)(
	    struct sieve_env *env, const struct sieve_seen *seen);
	/* Is ADDRESS another one of the account, which leads to nobody else?
	 * May the account send as it? */
	enum found (*own)(struct sieve_env *env, struct slice address);
	enum found (*sender)(struct sieve_env *env, struct slice address);
	/* RFC 5183; an item that is not known is absent. */
	enum found (*item)(
	    struct sieve_env *env, struct slice name, struct buf *value);
	/* RFC 6134: is VALUE in the list, is there such a list (VALUE p ==
	 * NULL)? */
	enum found (*list)(
	    struct sieve_env *env, struct slice name, struct slice value);
	/* What is in the list, a line each, in an order that stays. */
	enum found (*members)(
	    struct sieve_env *env, struct slice name, struct buf *out);
	/* spamtest and virustest; ABSENT: not tested. */
	enum found (*score)(
	    struct sieve_env *env, enum sieve_score_kind kind, unsigned *score);
	/* May a field of that name be added, or deleted?  NULL: each.  Those by
	 * which loops and robots are known (RFC 5293 6) are never deleted. */
	bool (*may_edit)(struct sieve_env *env, struct slice name, bool add);
	/* A host's command or test: its result to *RESULT; -1: the run fails
	 * (sieve_exec_fail has said why). */
	int (*word)(struct sieve_env *env, struct sieve_exec *x,
	    const struct sieve_call *call, bool *result);
	void (*variable)(
	    struct sieve_env *env, struct slice name, struct buf *value);
	/* What is tested and done, as it happens; SCRIPT's name and line. */
	void (*trace)(struct sieve_env *env, struct slice script, uint32_t line,
	    struct slice text);
};

struct sieve_env {
	const struct sieve_calls *calls;
	const struct sieve_limits *limits; /* NULL: the default */
	struct slice message;
	struct slice from; /* p == NULL: not known; empty: the null sender */
	struct slice to, orig_to;
	struct slice auth;
	struct date now;
	struct slice delimiters; /* of :user and :detail; empty: "+" */
	bool more; /* another script follows: the implicit keep is its business
		    */
	struct slice flags;            /* that the message has already */
	struct slice owner;            /* the account's address */
	const struct slice *addresses; /* others it has */
	size_t naddresses;
};

#endif
