/* SPDX-License-Identifier: ISC */
/* The interpreter. */
#ifndef SIEVE_RUN_H
#define SIEVE_RUN_H

struct sieve_code;
struct sieve_env;
struct sieve_result;

/* Run CODE on the message of ENV; what is to be done is in R, which was
 * initialised and has nothing in it.  Bounded by ENV's limits; nothing is done
 * yet, and nothing waits. */
void sieve_run(const struct sieve_code *code, struct sieve_env *env,
    struct sieve_result *r);

#endif
