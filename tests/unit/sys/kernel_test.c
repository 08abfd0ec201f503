/* SPDX-License-Identifier: ISC */
#include "sys/kernel.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static void
test_lacks(void **state)
{
	/* clang-format off */
	static const struct {
		int abi;
		bool files, ports, signals; /* are not held back */
	} rows[] = {
		{ 0, true,  true,  true },  /* 5.10, or switched off */
		{ 2, false, true,  true },  /* 6.1: Debian 12 */
		{ 4, false, false, true },  /* 6.7 */
		{ 6, false, false, false }, /* 6.12: Debian 13 */
		{ 9, false, false, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *text = kernel_lacks(rows[i].abi);

		if (text == NULL)
			text = "";
		assert_int_equal(strstr(text, "files") != NULL, rows[i].files);
		assert_int_equal(strstr(text, "ports") != NULL, rows[i].ports);
		assert_int_equal(
		    strstr(text, "signals") != NULL, rows[i].signals);
	}
	assert_true(kernel_landlock() >= 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
