/* SPDX-License-Identifier: ISC */
#include "master/serve.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "master/master.h"

static void
test_uid_min(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		uid_t min;
	} rows[] = {
		{ "",                                  1000 },
		{ "UID_MIN\t\t\t 500\n",              500 },
		{ "#UID_MIN 500\nSYS_UID_MIN 100\n",   1000 },
		{ "  UID_MIN 2000  \nUID_MAX 9\n",     2000 },
		{ "UID_MINX 5\nUID_MIN x\nUID_MIN -1", 1000 },
		{ "UID_MIN 0\n",                       1000 },
		{ "UID_MIN 99999999999\n",             1000 },
		{ "UID_MIN",                           1000 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (serve_uid_min(slice_str(rows[i].text)) != rows[i].min)
			fail_msg("row %zu", i);
}

static void
test_may(void **state)
{
	static const struct serve root = {
		.drop = true, .own = { 991, 993, 2001 }, .nown = 3, .min = 1000
	};
	static const struct serve plain = { .self = 1000, .min = 1000 };
	/* clang-format off */
	static const struct {
		const struct serve *s;
		enum role role;
		uid_t uid;
		bool known, may;
	} rows[] = {
		{ &root, ROLE_PIPE,  0,         false, true },
		{ &root, ROLE_PIPE,  1000,      true,  true },
		{ &root, ROLE_PIPE,  1000,      false, false },
		{ &root, ROLE_PIPE,  999,       true,  false },
		{ &root, ROLE_PIPE,  500,       true,  false },
		{ &root, ROLE_PIPE,  1,         true,  false },
		/* pabal's own, wherever they are */
		{ &root, ROLE_PIPE,  991,       true,  false },
		{ &root, ROLE_PIPE,  2001,      true,  false },
		{ &root, ROLE_LOCAL, 993,       true,  false },
		{ &root, ROLE_IMAPD, 2001,      true,  false },
		{ &root, ROLE_POP3D, 991,       true,  false },
		/* mail may belong to an account of the system */
		{ &root, ROLE_LOCAL, 999,       true,  true },
		{ &root, ROLE_IMAPD, 999,       true,  true },
		{ &root, ROLE_LOCAL, 499,       true,  false },
		{ &root, ROLE_LOCAL, 70000,     false, true },
		{ &root, ROLE_IMAPD, 70000,     false, false },
		{ &root, ROLE_PIPE,  (uid_t)-1, true,  false },
		{ &plain, ROLE_PIPE, 0,         false, true },
		{ &plain, ROLE_PIPE, 1000,      true,  true },
		{ &plain, ROLE_PIPE, 1001,      true,  false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *why;

		if (serve_may(rows[i].s, rows[i].role, rows[i].uid,
			rows[i].known, &why) != rows[i].may)
			fail_msg("row %zu", i);
		assert_non_null(why);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uid_min),
		cmocka_unit_test(test_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
