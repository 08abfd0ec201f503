/* SPDX-License-Identifier: ISC */
/*
 * The state of a run, and what the words of the language use of it: arguments,
 * variables, limits, errors, the trace.  The loop is in sieve/run.h.
 */
#ifndef SIEVE_EXEC_H
#define SIEVE_EXEC_H

#include "base/buf.h"
#include "sieve/call.h"
#include "sieve/env.h"
#include "sieve/limits.h"
#include "sieve/load.h"
#include "sieve/message.h"
#include "sieve/result.h"

struct mime_part;
struct sieve_cached_regex;

enum { SIEVE_LOOPS_MAX = 16, SIEVE_FRAMES_MAX = 64, SIEVE_MATCH_VALUES = 33 };

struct sieve_values {
	struct buf *v; /* SIEVE_MATCH_VALUES of them */
	size_t n;
};

struct sieve_frame {
	uint32_t script;
	size_t back; /* where to go on */
	uint32_t loops;
};

struct sieve_exec {
	const struct sieve_code *code;
	struct sieve_env *env;
	const struct sieve_limits *limits;
	struct sieve_result *result;
	struct arena tmp; /* of one instruction */
	uint64_t steps;
	struct buf *slots;         /* the variables */
	struct sieve_values match; /* ${0}, ${1} ... */
	struct buf flags;          /* imap4flags' own variable */
	struct sieve_message *message;
	uint32_t kept_version; /* of the message, in the result */
	struct slice kept_head, kept_body;
	const struct mime_part *loops[SIEVE_LOOPS_MAX]; /* the parts at hand */
	uint32_t nloops;
	struct sieve_frame frames[SIEVE_FRAMES_MAX];
	uint32_t nframes;
	size_t blocks[SIEVE_FRAMES_MAX]; /* of a host: where they end */
	uint32_t nblocks;
	bool *included;
	struct sieve_cached_regex *regexes;
	uint32_t line;
	bool test;  /* the last one's result */
	bool leave; /* a host wants to be out of its block */
};

/* ---- failing: -1, and the run ends ---- */

int sieve_exec_fail(struct sieve_exec *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Something is wrong with the script that need not end its run. */
void sieve_exec_warn(struct sieve_exec *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A question had no answer. */
int sieve_exec_later(struct sieve_exec *x, const char *what);
/* N steps more; -1: too many, or too much memory. */
int sieve_exec_spend(struct sieve_exec *x, uint64_t n);

/* ---- arguments ---- */

uint64_t sieve_exec_number(const struct sieve_operand *o);
/* The value with variables replaced; it stays until the next instruction. */
int sieve_exec_string(
    struct sieve_exec *x, const struct sieve_operand *o, struct slice *out);
/* Of a string or a list of them. */
int sieve_exec_strings(struct sieve_exec *x, const struct sieve_operand *o,
    struct slice **list, size_t *n);
/* The variable that an argument names. */
struct buf *sieve_exec_slot(
    struct sieve_exec *x, const struct sieve_operand *o);
/* Of a list of variables. */
int sieve_exec_slots(struct sieve_exec *x, const struct sieve_operand *o,
    struct buf ***list, size_t *n);
/* Give a variable a value, cut to what one may have. */
void sieve_exec_set(struct sieve_exec *x, struct buf *slot, struct slice v);
/* The values of the last match, V[0] the whole. */
void sieve_exec_matched(struct sieve_exec *x, const struct slice *v, size_t n);

/* A copy for the result. */
struct slice sieve_exec_keep(struct sieve_exec *x, struct slice s);

/* ---- the trace ---- */

static inline bool
sieve_exec_traced(const struct sieve_exec *x)
{
	return x->env->calls != NULL && x->env->calls->trace != NULL;
}
void sieve_exec_trace(struct sieve_exec *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct slice sieve_exec_script(const struct sieve_exec *x);

#endif
