/* SPDX-License-Identifier: ISC */
#include "qmgr/report/field.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

static void
test_text(void **state)
{
	static const struct {
		const char *in, *ascii, *utf8;
	} rows[] = {
		{ "", "", "" },
		{ "plain \\ +=", "plain \\ +=", "plain \\ +=" },
		{ "a\r\nB: c\x1b[1m\x7f", "a  B: c [1m ", "a  B: c [1m " },
		/* C1 also where it is UTF-8 */
		{ "\xc2\x9b\xc3\xa4", " \\x{E4}", " \xc3\xa4" },
		/* Latin-1 */
		{ "Empf\xe4nger", "Empf\\x{E4}nger", "Empf\\x{E4}nger" },
		{ "\xea\xb0\x80", "\\x{AC00}", "\xea\xb0\x80" },
		{ "\xf0\x9f\x98\x80\xf0\x9f", "\\x{1F600}\\x{F0}\\x{9F}",
		    "\xf0\x9f\x98\x80\\x{F0}\\x{9F}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;

		buf_init(&b, 1000);
		field_text(&b, slice_str(rows[i].in), false);
		assert_string_equal(buf_cstr(&b), rows[i].ascii);
		buf_reset(&b);
		field_text(&b, slice_str(rows[i].in), true);
		assert_string_equal(buf_cstr(&b), rows[i].utf8);
		buf_fini(&b);
	}
}

static void
test_fields(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	field_address(&b, "A", SLICE("a=b+c@d.test"), false);
	field_address(&b, "A", SLICE("\xc3\xa4+c@d.test"), false);
	field_address(&b, "A", SLICE("\xc3\xa4+c@d.test"), true);
	field_orcpt(&b, "O", SLICE("rfc822;a+2Bb@c.test"), false);
	field_orcpt(&b, "O", SLICE("utf-8;a\\x{E4}+0D+0A@c.test"), false);
	field_orcpt(&b, "O", SLICE("nonsense"), false);
	field_xtext(&b, "E", SLICE("QQ+3D1+"), false);
	assert_string_equal(buf_cstr(&b), "A: rfc822; a=b+c@d.test\r\n"
					  "A: utf-8; \\x{E4}\\x{2B}c@d.test\r\n"
					  "A: utf-8; \xc3\xa4+c@d.test\r\n"
					  "O: rfc822;a+b@c.test\r\n"
					  "O: utf-8;a\\x{E4}  @c.test\r\n"
					  "E: QQ=1+\r\n");
	buf_fini(&b);
}

/* However long a text is: short lines, and unfolded it is the same. */
static void
test_folding(void **state)
{
	static const char *const words[] = { "word ", "x", "\xea\xb0\x80" };

	(void)state;
	for (size_t w = 0; w < ARRAY_LEN(words); w++)
		for (size_t n = 1; n < 3000; n += 7) {
			struct buf in, out;

			buf_init(&in, 10000);
			buf_init(&out, 20000);
			for (size_t i = 0; i < n; i++)
				buf_adds(&in, words[w]);
			field_add(&out, "D", "smtp", buf_slice(&in), true);
			assert_true(utf8_valid(buf_slice(&out)));
			for (struct slice rest = buf_slice(&out); rest.n > 0;) {
				const struct slice line =
				    slice_cut(rest, '\n', &rest);

				assert_in_range(line.n, 2, w == 0 ? 80 : 950);
				assert_true(rest.n == 0 || *rest.p == ' ');
			}
			buf_fini(&in);
			buf_fini(&out);
		}
}

static void
test_status(void **state)
{
	static const struct {
		const char *in;
		bool good;
	} rows[] = { { "5.1.1", true }, { "4.123.456", true },
		{ "2.0.0", true }, { "", false }, { "3.1.1", false },
		{ "5.1", false }, { "5.1.", false }, { "5.1234.1", false },
		{ "5.1.1 x", false }, { "5.1.1\r\nA: b", false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice dsn = slice_str(rows[i].in);

		assert_true(slice_is(field_status(dsn, SLICE("5.0.0")),
		    rows[i].good ? rows[i].in : "5.0.0"));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
