/* SPDX-License-Identifier: ISC */
#include "mime/transfer.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

/* The same result whatever the pieces are. */
static void
assert_decoded(enum transfer_encoding e, const char *in, const char *want)
{
	const struct slice all = slice_str(in);

	for (size_t step = 1; step <= all.n + 1; step++) {
		struct transfer t;
		struct buf out;

		buf_init(&out, all.n + 100);
		transfer_init(&t, e);
		for (size_t i = 0; i < all.n; i += step)
			transfer_feed(&t, slice_sub(all, i, step), &out);
		transfer_finish(&t, &out);
		assert_false(out.failed);
		assert_string_equal(buf_cstr(&out), want);
		buf_fini(&out);
	}
}

static void
test_base64(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "aGVsbG8=",             "hello" },
		{ "aGVs\r\nbG8=\r\n",     "hello" },
		{ "aGVsbG8",              "hello" },
		{ "aGVs!*bG8=",           "hello" },
		{ "aGk=aGk=",             "hihi" },
		{ "aGk==\naGk=",          "hihi" },
		{ "a",                    "" },
		{ "====",                 "" },
		{ "",                     "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decoded(TRANSFER_BASE64, rows[i].in, rows[i].want);
}

static void
test_quoted_printable(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "a=3Db",              "a=b" },
		{ "a=3db",              "a=b" },
		{ "a=\r\nb",            "ab" },
		{ "a=\nb",              "ab" },
		{ "a= \t\r\nb",         "ab" },
		{ "a  \r\nb\t\n c",     "a\r\nb\n c" },
		{ "a b",                "a b" },
		{ "a=4",                "a=4" },
		{ "a=",                 "a=" },
		{ "a=XY",               "a=XY" },
		{ "a=4X",               "a=4X" },
		{ "a==41",              "a=A" },
		{ "a= b",               "a= b" },
		{ "a\rb",               "a\rb" },
		{ "a   ",               "a" },
		{ "=EA=B0=80",          "\xea\xb0\x80" },
		{ "\xea\xb0\x80",       "\xea\xb0\x80" },
		{ "",                   "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decoded(
		    TRANSFER_QUOTED_PRINTABLE, rows[i].in, rows[i].want);
}

/* More blanks than can be held back come out before their line ends. */
static void
test_many_blanks(void **state)
{
	char in[1003];
	struct transfer t;
	struct buf out;

	(void)state;
	memset(in, ' ', sizeof in);
	in[1002] = '\n';
	buf_init(&out, 2000);
	transfer_init(&t, TRANSFER_QUOTED_PRINTABLE);
	transfer_feed(&t, slice_of(in, sizeof in), &out);
	transfer_finish(&t, &out);
	assert_false(out.failed);
	assert_true(out.n < sizeof in);
	assert_int_equal(out.p[out.n - 1], '\n');
	buf_fini(&out);
}

static void
test_find(void **state)
{
	/* clang-format off */
	static const struct { const char *in; enum transfer_encoding want; } rows[] = {
		{ "7bit",                         TRANSFER_IDENTITY },
		{ " BASE64 ",                     TRANSFER_BASE64 },
		{ "Quoted-Printable (why not)",   TRANSFER_QUOTED_PRINTABLE },
		{ "quoted-printable;",            TRANSFER_QUOTED_PRINTABLE },
		{ "",                             TRANSFER_IDENTITY },
		{ "x-uuencode",                   TRANSFER_UNKNOWN },
		{ "base64x",                      TRANSFER_UNKNOWN },
		{ "?",                            TRANSFER_UNKNOWN },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    transfer_find(slice_str(rows[i].in)), rows[i].want);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_many_blanks),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
