/* SPDX-License-Identifier: ISC */
/*
 * What a run decided, as it comes from a process that may have been taken over
 * by the message: bounded, and nothing but actions for this one recipient.
 */
#ifndef SCRIPT_VERDICT_H
#define SCRIPT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "ipc/sieve.h"
#include "sieve/result.h"

struct buf;
struct msg_sieve_action;
struct pieced;
struct script_range;

/* What came with an action. */
struct verdict_bytes {
	struct slice head, body;
	const struct script_range *ranges;
	size_t nranges;
};

struct verdict_action {
	enum sieve_action_kind kind;
	bool create, edited;
	bool flagged; /* its flags are those; else they stay */
	struct slice mailbox, mailbox_id, special_use;
	unsigned flags; /* MSG_SEEN … */
	struct slice keywords;
	struct slice text;   /* of a reject: may have lines */
	struct slice to;     /* of a letter: lines */
	struct slice handle; /* of a vacation */
	uint32_t seconds;
	/* The bytes: the head, and behind it the body, or the message's from
	 * body_from on. */
	struct slice head, body;
	int64_t body_from;
	/* Of what is stored, the same as pieces. */
	const struct pieced *pieces;
};

struct verdict {
	struct verdict_action actions[SIEVE_ACTIONS_MAX];
	size_t n;
};

/* Take IN with its bytes B, of a message of SIZE bytes; what is kept is in A.
 *  False: it is none that a run could come to. */
bool verdict_add(struct verdict *v, struct arena *a,
    const struct msg_sieve_action *in, const struct verdict_bytes *b,
    int64_t size);

static inline bool
verdict_is_store(const struct verdict_action *a)
{
	return a->kind == SIEVE_KEEP || a->kind == SIEVE_FILEINTO;
}
static inline bool
verdict_is_letter(const struct verdict_action *a)
{
	return a->kind == SIEVE_REDIRECT || a->kind == SIEVE_VACATION ||
	       a->kind == SIEVE_NOTIFY;
}
static inline bool
verdict_is_reject(const struct verdict_action *a)
{
	return a->kind == SIEVE_REJECT || a->kind == SIEVE_EREJECT;
}

/* How many of its actions are such. */
size_t verdict_count(
    const struct verdict *v, bool (*is)(const struct verdict_action *a));
/* In words, for the log. */
void verdict_describe(const struct verdict *v, struct buf *out);

#endif
