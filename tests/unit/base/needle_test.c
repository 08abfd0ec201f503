/* SPDX-License-Identifier: ISC */
#include "base/needle.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/mem.h"

static void
test_find(void **state)
{
	/* clang-format off */
	static const struct { const char *text, *needle; size_t want; } rows[] = {
		{ "",        "",     0 },
		{ "abc",     "",     0 },
		{ "",        "a",    0 },
		{ "abc",     "abcd", 3 },
		{ "abc",     "abc",  0 },
		{ "xabc",    "abc",  1 },
		{ "aab",     "ab",   1 },
		{ "zzaz",    "az",   2 },
		{ "abababx", "bx",   5 },
		{ "ababab",  "bx",   6 },
		{ "\xea\xb0\x81\xea\xb0\x80", "\xea\xb0\x80", 3 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice n = slice_str(rows[i].needle);

		assert_int_equal(
		    needle_find(slice_str(rows[i].text), n, needle_rare(n)),
		    rows[i].want);
	}
}

/* Few letters, so that there are many beginnings that come to nothing. */
static void
test_as_memmem(void **state)
{
	char text[2000], needle[400];

	(void)state;
	srandom(7);
	for (int round = 0; round < 20000; round++) {
		const size_t n = (size_t)random() % sizeof text;
		const size_t k =
		    1 + (size_t)random() % (round % 9 == 0 ? sizeof needle : 6);
		const long letters = 1 + random() % 3;
		struct slice s = slice_of(text, n), w = slice_of(needle, k);

		for (size_t i = 0; i < n; i++)
			text[i] = (char)('a' + random() % letters);
		for (size_t i = 0; i < k; i++)
			needle[i] = (char)('a' + random() % letters);
		for (size_t rare = 0; rare < k; rare += 1 + k / 3)
			assert_int_equal(
			    needle_find(s, w, rare), slice_search(s, w));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_as_memmem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
