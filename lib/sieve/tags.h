/* SPDX-License-Identifier: ISC */
/* Tags of a command or test, and which of them go together. */
#ifndef SIEVE_TAGS_H
#define SIEVE_TAGS_H

#include <stdbool.h>

struct sieve_arg;
struct sieve_check;
struct sieve_node;

/* The tag of N with this id; NULL: it has none. */
struct sieve_arg *sieve_tags_find(const struct sieve_node *n, int id);
/* Is the text of A what it will be when the script runs? */
bool sieve_tags_is_fixed(
    const struct sieve_check *c, const struct sieve_arg *a);
/* The strings of a list, or the one string; IT begins with NULL. */
bool sieve_tags_next(const struct sieve_arg *list, const struct sieve_arg **it);
/* The same, of those that have no variables in them. */
bool sieve_tags_next_fixed(const struct sieve_check *c,
    const struct sieve_arg *list, const struct sieve_arg **it);

/* False, and reported, when they do not: of the match type and comparator, */
bool sieve_tags_match(struct sieve_check *c, const struct sieve_node *n);
/* of those with the ids INDEX and LAST, */
bool sieve_tags_index(
    struct sieve_check *c, const struct sieve_node *n, int index, int last);
/* and of those that need :mime. */
bool sieve_tags_mime(struct sieve_check *c, const struct sieve_node *n);

#endif
