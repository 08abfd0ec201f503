/* SPDX-License-Identifier: ISC */
/* Comparators: when strings are equal, which one comes first, what is a part
 * of what. */
#ifndef SIEVE_COMPARE_H
#define SIEVE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

enum sieve_comparator {
#define COMPARATOR(id, name, ext, parts) SIEVE_BY_##id,
#include "sieve/match.def" // IWYU pragma: keep
#undef COMPARATOR
	SIEVE_COMPARATORS,
};

enum sieve_relation {
#define RELATION(id, name, holds) SIEVE_REL_##id,
#include "sieve/match.def" // IWYU pragma: keep
#undef RELATION
	SIEVE_RELATIONS,
};

/* -1: there is none of that name. */
int sieve_compare_find(struct slice name);
int sieve_compare_relation(struct slice name);
const char *sieve_compare_name(enum sieve_comparator c);
const char *sieve_compare_relation_name(enum sieve_relation r);
/* The extension that it takes to use it (enum sieve_ext). */
int sieve_compare_ext(enum sieve_comparator c);
/* Can :contains and :matches be asked of it? */
bool sieve_compare_knows_parts(enum sieve_comparator c);

bool sieve_compare_holds(enum sieve_relation r, int order);
/* The form in which strings are compared; S itself where it needs none. */
struct slice sieve_compare_prepare(
    enum sieve_comparator c, struct arena *a, struct slice s);
/* Of two prepared strings. */
int sieve_compare_order(
    enum sieve_comparator c, struct slice a, struct slice b);
bool sieve_compare_equal(
    enum sieve_comparator c, struct slice a, struct slice b);
/* Where NEEDLE stands in S, both prepared, at or behind FROM; S.n + 1: nowhere.
 */
size_t sieve_compare_search(
    enum sieve_comparator c, struct slice s, size_t from, struct slice needle);

#endif
