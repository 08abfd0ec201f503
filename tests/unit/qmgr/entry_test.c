/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/entry.h"

#include "tests/clock.h"
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "ev/loop.h"
#include "sys/clock.h"

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

static const int64_t minute = 60000, hour = 3600000, day = 86400000;

/* One that came AGE_MS ago, as its file says. */
static struct entry *
from_disk(int64_t age_ms)
{
	char id[ENVELOPE_ID_BYTES];

	spool_new_id(id);
	return entry_add(id, SPOOL_CUR, clock_wall_us() - age_ms * 1000);
}

static void
test_age(void **state)
{
	struct entry *e;

	(void)state;
	entry_init();
	/* the wall clock says so twice, an hour apart */
	e = from_disk(10 * day);
	assert_int_equal(entry_age_ms(e), 10 * day);
	assert_false(entry_is_older(e, 5 * day));
	clock_run(hour - 1);
	assert_false(entry_is_older(e, 5 * day));
	clock_run(1);
	assert_true(entry_is_older(e, 5 * day));
	assert_false(entry_is_older(e, 11 * day));
	entry_free(&e);
	/* what is known for so long needs no other witness */
	e = from_disk(-30 * day);
	assert_int_equal(entry_age_ms(e), 0);
	clock_run(10 * minute - 1);
	assert_false(entry_is_older(e, 10 * minute));
	clock_run(1);
	assert_true(entry_is_older(e, 10 * minute));
	entry_free(&e);
}

/* The clock was wrong when the process began, or is set while it runs. */
static void
test_age_by_a_wrong_clock(void **state)
{
	struct entry *e;

	(void)state;
	clock_set_wall(30 * day);
	entry_init();
	clock_set_wall(-30 * day);
	e = from_disk(hour);
	clock_set_wall(30 * day);
	clock_run(10 * minute);
	clock_set_wall(-30 * day);
	clock_run(2 * hour);
	assert_false(entry_is_older(e, 5 * day));
	entry_free(&e);
	entry_init();
	e = from_disk(hour);
	clock_set_wall(30 * day);
	clock_run(2 * hour);
	assert_false(entry_is_older(e, 5 * day));
	assert_true(entry_is_older(e, 3 * hour));
	clock_run(5 * day - 3 * hour);
	assert_true(entry_is_older(e, 5 * day));
	entry_free(&e);
	clock_set_wall(-30 * day);
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_arrival),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_age_by_a_wrong_clock),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
