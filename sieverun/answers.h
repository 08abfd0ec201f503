/* SPDX-License-Identifier: ISC */
/* Answers to a script's questions: what local knows, and what is known here. */
#ifndef SIEVERUN_ANSWERS_H
#define SIEVERUN_ANSWERS_H

#include "base/err.h"
#include "base/slice.h"
#include "ipc/sieve.h"
#include "sieve/compile.h"
#include "sieve/env.h"

struct task;

extern const struct sieve_calls answers_calls;
/* The same with the trace. */
extern const struct sieve_calls answers_traced;

/* TEMPFAIL: there was no answer.  *NUMBER and *TEXT, in the task's memory, are
 * what came with it; either may be NULL. */
enum found answers_ask(struct task *t, enum sieve_question what,
    struct slice one, struct slice two, uint64_t *number, struct slice *text);
/* A script that includes NAME; *TEXT stays as long as the task. */
enum found answers_script(struct task *t, enum sieve_location where,
    struct slice name, struct slice *text);

#endif
