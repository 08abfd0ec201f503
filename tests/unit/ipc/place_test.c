/* SPDX-License-Identifier: ISC */
#include "ipc/place.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_place_of(void **state)
{
	/* clang-format off */
	static const struct {
		const char *home;
		enum isolation isolation;
		const char *place;
	} rows[] = {
		{ "a.test/alice", ISOLATION_ACCOUNT, "a.test/alice" },
		{ "a.test/alice", ISOLATION_DOMAIN,  "a.test" },
		{ "a.test/x/y",   ISOLATION_DOMAIN,  "a.test" },
		{ "alice",        ISOLATION_DOMAIN,  "alice" },
		{ "a.test/alice", ISOLATION_UID,     "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(slice_is(
		    place_of(slice_str(rows[i].home), rows[i].isolation),
		    rows[i].place));
}

/* A neighbour whose name begins like the place is not in it. */
static void
test_place_rest(void **state)
{
	/* clang-format off */
	static const struct {
		const char *place, *home, *rest; /* NULL: not in it */
	} rows[] = {
		{ "",             "a.test/alice",  "a.test/alice" },
		{ "a.test/alice", "a.test/alice",  "." },
		{ "a.test",       "a.test/alice",  "alice" },
		{ "a.test",       "a.test/x/y",    "x/y" },
		{ "a.test/alice", "a.test/alice2", NULL },
		{ "a.test/alice", "a.test/bob",    NULL },
		{ "a.test/alice", "a.test",        NULL },
		{ "a.test",       "a.test/",       NULL },
		{ "a.test",       "b.test/alice",  NULL },
	};
	/* clang-format on */
	struct slice rest;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const bool in = place_rest(
		    slice_str(rows[i].place), slice_str(rows[i].home), &rest);

		if (in != (rows[i].rest != NULL) ||
		    (in && !slice_is(rest, rows[i].rest)))
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place_of),
		cmocka_unit_test(test_place_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
