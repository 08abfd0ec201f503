/* SPDX-License-Identifier: ISC */
/* Adding to what a run decides: limits, what does not go together, what is the
 * same twice. */
#ifndef SIEVE_ACTIONS_H
#define SIEVE_ACTIONS_H

#include "sieve/result.h"

struct sieve_exec;

/* Put A (whose strings stay) to the result; *TWICE: it does what another one
 * does already, and was put into that.  -1: the run fails. */
int sieve_actions_add(
    struct sieve_exec *x, const struct sieve_action *a, bool *twice);
/* Put the message as it is now into A. */
void sieve_actions_message(struct sieve_exec *x, struct sieve_action *a);
/* FROM ("Name <address>" or an address; empty stays so) is what the account may
 * send as, or else INSTEAD.  -1: the run ends. */
int sieve_actions_sender(
    struct sieve_exec *x, struct slice *from, struct slice instead);
/* What the flags of a message that is stored now are to be; p == NULL: as they
 * are. */
struct slice sieve_actions_flags(struct sieve_exec *x);
/* At the end: the keep that nobody cancelled, which a failed run has too. */
void sieve_actions_finish(struct sieve_exec *x);

#endif
