/* SPDX-License-Identifier: ISC */
#include "text/flowed.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
test_text(void **state)
{
	/* clang-format off */
	static const struct { bool delsp; const char *in, *want; } rows[] = {
		{ false, "", "" },
		{ false, "a\r\nb\r\n", "a\r\nb" },
		{ false, "a \r\nb\r\nc", "a b\r\nc" },
		{ false, "a \nb\nc", "a b\r\nc" },
		{ true, "a \r\nb\r\nc", "ab\r\nc" },
		{ true, "a  \r\nb", "a b" },
		{ false, "a  \r\nb", "a  b" },
		{ false, "a", "a" },
		{ false, "a ", "a " },
		{ false, "a \r\n", "a " },
		{ true, "a \r\n", "a" },
		{ true, "a b ", "a b " },
		/* stuffing (4.4) */
		{ false, " a\r\n  b\r\n >c\r\n From d", "a\r\n b\r\n>c\r\nFrom d" },
		{ false, " \r\nb", "\r\nb" },
		/* quotes (4.5) */
		{ false, "> a \r\n> b\r\n> c", "> a b\r\n> c" },
		{ true, ">a \r\n>b\r\n>>c \r\n>d", "> ab\r\n>> c\r\n> d" },
		{ false, ">> a \r\n> b \r\nc", ">> a\r\n> b\r\nc" },
		{ false, ">\r\n>", "> \r\n> " },
		{ false, "> > a", "> > a" },
		/* a signature (4.3) */
		{ false, "a \r\n-- \r\nb", "a -- \r\nb" },
		{ false, "a\r\n-- \r\nb", "a\r\n-- \r\nb" },
		{ false, "> -- \r\n> b", "> -- \r\n> b" },
		{ false, "--- \r\nb", "--- b" },
		{ false, "x- \r\nb", "x- b" },
		{ true, "--x \r\nb", "--xb" },
		{ false, "a\rb \r\rc", "a\rb \r\rc" },
		{ false, "a \r\n\r\nb", "a \r\nb" },
		{ true, "abcdefgh ijk\r \r\nb", "abcdefgh ijk\rb" },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t n = 1; n < 40; n++) {
			const struct slice in = slice_str(rows[i].in);
			struct flowed f = { .delsp = rows[i].delsp };

			buf_reset(&out);
			for (size_t k = 0; k < in.n; k += n)
				flowed_feed(&f, slice_sub(in, k, n), &out);
			flowed_finish(&f, &out);
			if (!slice_is(buf_slice(&out), rows[i].want))
				fail_msg("%s: in pieces of %zu \"%s\"",
				    rows[i].in, n, buf_cstr(&out));
		}
	buf_fini(&out);
}

/* A line of quote marks is cut. */
static void
test_marks(void **state)
{
	struct flowed f = { .delsp = false };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (int i = 0; i < 100000; i++)
		flowed_feed(&f, SLICE(">"), &out);
	flowed_feed(&f, SLICE("x"), &out);
	assert_int_equal(out.n, FLOWED_MARKS_MAX + 2);
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
