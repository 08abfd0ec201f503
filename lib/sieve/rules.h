/* SPDX-License-Identifier: ISC */
/* What single words of the language want of their arguments, beyond what its
 * table says. */
#ifndef SIEVE_RULES_H
#define SIEVE_RULES_H

#include <stdbool.h>

struct sieve_check;
struct sieve_node;

/* False, and reported, when N, whose arguments are of the right kinds, is not
 * what it should be. */
bool sieve_rules_check(struct sieve_check *c, struct sieve_node *n);

#endif
