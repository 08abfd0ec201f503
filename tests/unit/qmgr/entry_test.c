/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/entry.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

enum { ENTRIES = 500 };

static char ids[ENTRIES][ENVELOPE_ID_BYTES];

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* In any order; IDS is sorted afterwards. */
static void
add_all(void)
{
	entry_init();
	for (size_t i = 0; i < ENTRIES; i++) {
		spool_new_id(ids[i]);
		if (i > 0) {
			const size_t k = arc4random_uniform((uint32_t)i);
			char swap[ENVELOPE_ID_BYTES];

			strlcpy(swap, ids[i], sizeof swap);
			strlcpy(ids[i], ids[k], sizeof swap);
			strlcpy(ids[k], swap, sizeof swap);
		}
	}
	for (size_t i = 0; i < ENTRIES; i++)
		assert_non_null(entry_add(ids[i], SPOOL_NEW, 0));
	assert_null(entry_add(ids[0], SPOOL_CUR, 0));
	assert_int_equal(entry_count(), ENTRIES);
	qsort(ids, ENTRIES, sizeof ids[0], by_text);
}

static void
free_all(void)
{
	struct entry *e;

	while ((e = entry_next(NULL)) != NULL)
		entry_free(&e);
	assert_int_equal(entry_count(), 0);
}

/* Found in any order (directories), walked in the order of arrival. */
static void
test_order_of_arrival(void **state)
{
	const struct entry *e = NULL;

	(void)state;
	add_all();
	for (size_t i = 0; i < ENTRIES; i++) {
		e = entry_next(e);
		assert_non_null(e);
		assert_string_equal(e->id, ids[i]);
		assert_ptr_equal(entry_find(slice_str(ids[i])), e);
	}
	assert_null(entry_next(e));
	free_all();
}

/* A walk goes on behind its cursor, though that message is gone. */
static void
test_after(void **state)
{
	(void)state;
	add_all();
	for (size_t i = 0; i + 1 < ENTRIES; i += 2) {
		struct entry *e = entry_find(slice_str(ids[i]));

		assert_string_equal(
		    entry_after(slice_str(ids[i]))->id, ids[i + 1]);
		entry_free(&e);
		assert_null(entry_find(slice_str(ids[i])));
		assert_string_equal(
		    entry_after(slice_str(ids[i]))->id, ids[i + 1]);
	}
	assert_null(entry_after(slice_str(ids[ENTRIES - 1])));
	assert_string_equal(entry_after(SLICE(""))->id, ids[1]);
	assert_null(entry_after(SLICE("ZZZZ")));
	assert_null(entry_find(SLICE("a name that is longer than any id")));
	assert_null(entry_after(SLICE("a name that is longer than any id")));
	free_all();
}

static void
test_due(void **state)
{
	struct entry *a, *b;

	(void)state;
	entry_init();
	a = entry_add("A", SPOOL_NEW, 1);
	b = entry_add("B", SPOOL_NEW, 2);
	assert_null(entry_first_due());
	entry_wait(a, 20);
	entry_wait(b, 10);
	assert_ptr_equal(entry_first_due(), b);
	entry_hold(b);
	assert_ptr_equal(entry_first_due(), a);
	free_all();
	assert_null(entry_first_due());
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_arrival),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
