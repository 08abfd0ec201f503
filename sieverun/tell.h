/* SPDX-License-Identifier: ISC */
/* An action on its way to local. */
#ifndef SIEVERUN_TELL_H
#define SIEVERUN_TELL_H

struct sieve_action;
struct sieve_env;
struct task;

/* A, which a script decided about ENV's message; NUMBER is no other's of this
 * task.  -1: it does not fit, or local is gone. */
int tell_action(struct task *t, const struct sieve_env *env,
    const struct sieve_action *a, unsigned number);

#endif
