/* SPDX-License-Identifier: ISC */
#include "queue/front.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static void
test_valid(void **state)
{
	static const struct slice good[] = {
		SLICE(""),
		SLICE("A: b\r\n"),
		SLICE("A:\r\n"),
		SLICE("A: b\r\n\tc\r\n d\r\nE: \xc3\xa4\r\n"),
	};
	static const struct slice bad[] = {
		SLICE("A: b"),
		SLICE("A: b\n"),
		SLICE("A: b\r\n\r\n"),
		SLICE("\r\n"),
		SLICE("A b\r\n"),
		SLICE(": b\r\n"),
		SLICE("A : b\r\n"),
		SLICE(" A: b\r\n"),
		SLICE("A: b\r\n \r\n"),
		SLICE("A: b\r\nbody\r\n"),
		SLICE("A: b\rc\r\n"),
		SLICE("A: b\0\r\n"),
		SLICE("\xc3\xa4: b\r\n"),
	};
	char large[FRONT_MAX_BYTES + 8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(front_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(front_is_valid(bad[i]));
	memset(large, 'x', sizeof large);
	memcpy(large, "A:", 2);
	memcpy(large + FRONT_MAX_BYTES - 2, "\r\n", 2);
	assert_true(front_is_valid(slice_of(large, FRONT_MAX_BYTES)));
	memcpy(large + FRONT_MAX_BYTES - 2, "xxx\r\n", 5);
	assert_false(front_is_valid(slice_of(large, FRONT_MAX_BYTES + 3)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
