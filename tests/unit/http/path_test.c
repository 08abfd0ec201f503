/* SPDX-License-Identifier: ISC */
/* Paths that may be looked for, and what leads elsewhere. */
#include "tests/unit.h"

#include "http/path.h"

#include "base/mem.h"
#include "http/answer.h"

/* clang-format off */
static const struct {
	const char *path;
	const char *decoded; /* NULL: refused */
} rows[] = {
	{ "/", "/" },
	{ "/a", "/a" },
	{ "/a/", "/a/" },
	{ "/a/b.html", "/a/b.html" },
	{ "/a%20b", "/a b" },
	{ "/%41%2d%7E", "/A-~" },
	{ "/%ED%95%9C", "/한" },
	{ "/.well-known/x", "/.well-known/x" },
	{ "/a..b/c.", "/a..b/c." },
	{ "", NULL },
	{ "a", NULL },
	{ "*", NULL },
	{ "//", NULL },
	{ "//a", NULL },
	{ "/a//b", NULL },
	{ "/.", NULL },
	{ "/..", NULL },
	{ "/../a", NULL },
	{ "/a/./b", NULL },
	{ "/a/..", NULL },
	{ "/%2e%2E/a", NULL },
	{ "/.git/config", NULL },
	{ "/a/.b", NULL },
	{ "/.well-knownx/y", NULL },
	{ "/a%2fb", NULL },
	{ "/a%2Fb", NULL },
	{ "/a%5cb", NULL },
	{ "/a\\b", NULL },
	{ "/a%00", NULL },
	{ "/a%0a", NULL },
	{ "/a%7f", NULL },
	{ "/a%", NULL },
	{ "/a%4", NULL },
	{ "/a%4g", NULL },
	{ "/a%g4", NULL },
	{ "/%c3", NULL },
	{ "/%c0%ae%c0%ae/", NULL },
};
/* clang-format on */

static void
test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 100 };
		const bool ok = http_path_decode(slice_str(rows[i].path), &out);

		print_message("%s\n", rows[i].path);
		assert_int_equal(ok, rows[i].decoded != NULL);
		if (ok)
			assert_string_equal(buf_cstr(&out), rows[i].decoded);
		buf_fini(&out);
	}
}

static void
test_too_long(void **state)
{
	struct buf out = { .max = 3 };

	(void)state;
	assert_false(http_path_decode(SLICE("/abc"), &out));
	buf_fini(&out);
}

static void
test_dates(void **state)
{
	char date[HTTP_DATE_SIZE];

	(void)state;
	http_date(784111777, date);
	assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
	http_date(0, date);
	assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date(253402300799, date);
	assert_string_equal(date, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date(INT64_MAX, date);
	assert_string_equal(date, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
