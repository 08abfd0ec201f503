/* SPDX-License-Identifier: ISC */
/* Adding to what a run decides: limits, what does not go together, what is the
 * same twice. */
#ifndef SIEVE_ACTIONS_H
#define SIEVE_ACTIONS_H

#include "sieve/result.h"

struct sieve_exec;

/* Put A (whose strings stay) to the result; *DOUBLE: it does what another one
 * does already, and was put into that.  -1: the run fails. */
int sieve_actions_add(
    struct sieve_exec *x, const struct sieve_action *a, bool *twice);
/* The message as it is now, for an action; p == NULL: unchanged. */
struct slice sieve_actions_message(struct sieve_exec *x);
/* At the end: the keep that nobody cancelled, which a failed run has too. */
void sieve_actions_finish(struct sieve_exec *x);

#endif
