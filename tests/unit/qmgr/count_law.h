/* SPDX-License-Identifier: ISC */
/* The counts of the index are what one gets by counting its records. */
#ifndef TESTS_UNIT_QMGR_COUNT_LAW_H
#define TESTS_UNIT_QMGR_COUNT_LAW_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "qmgr/queue/qindex.h"
#include "qmgr/queue/qindex_counts.h"

static const enum qgroup_kind count_kinds[] = { QGROUP_AGE, QGROUP_DOMAIN,
	QGROUP_HOST, QGROUP_LOGIN, QGROUP_REASON, QGROUP_SENDER, QGROUP_SITE,
	QGROUP_STATE };

struct count_tally {
	const struct qrecord *r; /* that is added */
	struct map sums;         /* int64_t[2]: messages, bytes */
};

static void
count_tally_add(
    struct count_tally *t, struct slice name, int64_t messages, int64_t bytes)
{
	int64_t *sum = map_find(&t->sums, name);

	if (sum == NULL) {
		sum = xcalloc(2, sizeof *sum);
		map_put(&t->sums, name, sum);
	}
	sum[0] += messages;
	sum[1] += bytes;
}

static void
count_tally_group(void *arg, enum qgroup_kind kind, struct slice name)
{
	struct count_tally *t = arg;

	(void)kind;
	count_tally_add(t, name, 1, t->r->size);
}

static bool
count_tally_is_zero(struct count_tally *t)
{
	struct map_iter it = { 0 };
	bool zero = true;

	while (map_next(&t->sums, &it)) {
		const int64_t *sum = it.value;

		zero = zero && sum[0] == 0 && sum[1] == 0;
		free(it.value);
	}
	map_fini(&t->sums);
	return zero;
}

/* One kind; false: they differ. */
static bool
count_law_holds(enum qgroup_kind kind)
{
	struct count_tally t = { 0 };
	struct qcount c;
	struct qrecord r;
	struct arena a;

	map_init(&t.sums);
	if (qindex_counts(NULL) == -1)
		return false;
	while (qindex_counts_next(kind, SLICE(""), &c, NULL) == FOUND)
		count_tally_add(&t, c.name, -c.messages, -c.bytes);
	qindex_walk_end();
	arena_init(&a);
	t.r = &r;
	if (qindex_walk(SLICE(""), NULL) == -1)
		return false;
	while (qindex_walk_next(&a, &r, NULL) == FOUND)
		if (r.whole || !qgroup_needs_whole(kind))
			qgroup_each(&r, kind, count_tally_group, &t);
	qindex_walk_end();
	arena_fini(&a);
	return count_tally_is_zero(&t);
}

/* Those that are not whole are listed, and no others. */
static bool
count_law_of_partial(void)
{
	char id[ENVELOPE_ID_BYTES];
	struct qrecord r;
	struct arena a;
	int64_t n = 0;

	arena_init(&a);
	if (qindex_walk(SLICE(""), NULL) == -1)
		return false;
	while (qindex_walk_next(&a, &r, NULL) == FOUND)
		n += !r.whole;
	qindex_walk_end();
	if (qindex_walk(SLICE(""), NULL) == -1)
		return false;
	while (qindex_partial_next(id, NULL) == FOUND)
		n--;
	qindex_walk_end();
	arena_fini(&a);
	return n == 0;
}

/* NULL, or what is wrong. */
static inline const char *
count_law(void)
{
	static char wrong[40];

	for (size_t i = 0; i < ARRAY_LEN(count_kinds); i++)
		if (!count_law_holds(count_kinds[i])) {
			snprintf(wrong, sizeof wrong, "the counts of kind %c",
			    (char)count_kinds[i]);
			return wrong;
		}
	return count_law_of_partial() ? NULL : "those that are not whole";
}

#endif
