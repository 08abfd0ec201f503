/* SPDX-License-Identifier: ISC */
#include "smtpd/refusal.h"

#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "queue/refusal.h"

static void
test_lines(void **state)
{
	static const struct {
		const char *reason;
		bool utf8;
		const char *reply;
	} cases[] = {
		{ "No.", false, "550 5.7.1 <a@b> No." },
		{ "", false, "550 5.7.1 <a@b> " },
		{ "One\r\n\r\n  two\n", false, "550 5.7.1 <a@b> One\n\n  two" },
		{ "a\r250 b\x01\x7f", false, "550 5.7.1 <a@b> a 250 b  " },
		{ "n\xc3\xb6", true, "550 5.7.1 <a@b> n\xc3\xb6" },
		{ "n\xc3\xb6", false, "550 5.7.1 <a@b> n??" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf refused = { .max = REFUSAL_MAX_BYTES };
		struct buf out = { .max = 4096 };

		refusal_put(&refused, 7, slice_str(cases[i].reason));
		assert_true(smtpd_refusal_reply(buf_slice(&refused), 7,
		    SLICE("<a@b> "), cases[i].utf8, &out));
		assert_string_equal(buf_cstr(&out), cases[i].reply);
		assert_false(smtpd_refusal_reply(
		    buf_slice(&refused), 6, SLICE(""), cases[i].utf8, &out));
		buf_fini(&refused);
		buf_fini(&out);
	}
}

/* No line of a reply is longer than it may be, and no character is cut. */
static void
test_long_lines(void **state)
{
	struct buf text = { .max = 4096 }, refused = { .max = 65536 };
	struct buf out = { .max = 8192 };
	struct slice rest, line;
	size_t bytes = 0, blanks;

	(void)state;
	for (size_t i = 0; i < 400; i++)
		buf_adds(&text, i == 250 ? " " : "\xe2\x82\xac");
	refusal_put(&refused, 0, buf_slice(&text));
	assert_true(
	    smtpd_refusal_reply(buf_slice(&refused), 0, SLICE(""), true, &out));
	rest = slice_from(buf_slice(&out), strlen("550 5.7.1 "));
	for (blanks = 0; rest.n > 0; bytes += line.n) {
		line = slice_cut(rest, '\n', &rest);
		assert_true(line.n <= 400 && line.n > 0);
		blanks += slice_find(line, ' ') < line.n;
		assert_int_equal(
		    (line.n - (slice_find(line, ' ') < line.n)) % 3, 0);
	}
	assert_int_equal(bytes, text.n);
	assert_int_equal(blanks, 1);
	buf_fini(&text);
	buf_fini(&refused);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
