/* SPDX-License-Identifier: ISC */
/* What single words of the language want of their arguments, beyond what its
 * table says. */
#ifndef SIEVE_RULES_H
#define SIEVE_RULES_H

#include <stdbool.h>

struct sieve_arg;
struct sieve_check;
struct sieve_node;

/* False, and reported, when N, whose arguments are of the right kinds, is not
 * what it should be. */
bool sieve_rules_check(struct sieve_check *c, struct sieve_node *n);
/* The tag of N with this id; NULL: it has none. */
struct sieve_arg *sieve_rules_tag(const struct sieve_node *n, int id);
/* Is the text of A what it will be when the script runs? */
bool sieve_rules_is_fixed(
    const struct sieve_check *c, const struct sieve_arg *a);

#endif
