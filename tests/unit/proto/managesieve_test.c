/* SPDX-License-Identifier: ISC */
#include "proto/managesieve.h"

#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "proto/managesieve_frame.h"

enum { MAX = 64 };

/* What comes of IN byte by byte: a letter for each step that is not MORE, and
 * the length of the command. */
static void
feed(const char *in, struct buf *out)
{
	struct managesieve_frame f = { 0 };
	const struct slice all = slice_str(in);

	for (size_t n = 0; n <= all.n; n++) {
		uint64_t size = 0;
		size_t len = 0;
		const enum managesieve_need need = managesieve_frame(
		    &f, slice_sub(all, 0, n), MAX, &len, &size);

		if (need == MANAGESIEVE_MORE)
			continue;
		buf_addc(out, "mWLT"[need]);
		if (need != MANAGESIEVE_TOO_LONG)
			buf_addu(out, len);
		if (need != MANAGESIEVE_LITERAL)
			return;
		buf_addf(out, "(%llu)", (unsigned long long)size);
	}
}

static void
test_frame(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "NOOP\r\n",                         "W6" },
		{ "NOOP\n",                           "W5" },
		{ "NOOP",                             "" },
		{ "\r\n",                             "W2" },
		{ "P \"a\" {2+}\r\nxy\r\nNOOP\r\n",   "W16" },
		{ "P {2+}\r\nxy {3+}\r\nabc\r\n",     "W22" },
		{ "P {0+}\r\n\r\n",                   "W10" },
		{ "P {4+}\r\n\r\n\r\n\r\n",           "W14" },
		{ "P {2+}\r\nx",                      "" },
		/* only the server's literals have no plus; no number */
		{ "P {2}\r\nxy\r\n",                  "W7" },
		{ "P {+}\r\n",                        "W7" },
		{ "P {x+}\r\n",                       "W8" },
		{ "P {2+} \r\n",                      "W9" },
		{ "P 2+}\r\n",                        "W7" },
		{ "P {18446744073709551617+}\r\n",    "W27" },
		/* too large: what is behind is read as if it were empty */
		{ "P {99+}\r\n\r\n",                  "L9(99)W11" },
		{ "P {4294967295+}\r\n",              "L17(4294967295)" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456", "T" },
		{ "0123456789012345678901234567890123456789012345678901234567890123\r\n", "T" },
		{ "01234567890123456789012345678901234567890123456789012345678901\r\n", "W64" },
	};
	/* clang-format on */
	struct buf out = { .max = 100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		feed(rows[i].in, &out);
		if (!slice_is(buf_slice(&out), rows[i].out))
			fail_msg("%s: %s", rows[i].in, buf_cstr(&out));
	}
	buf_fini(&out);
}

static void
test_strings(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out; /* NULL: refused */
	} rows[] = {
		{ " \"\"\r\n",                "" },
		{ " \"a b\"\r\n",             "a b" },
		{ " \"a\\\"b\\\\c\"\r\n",     "a\"b\\c" },
		{ " {3+}\r\na\r\n\r\n",       "a\r\n" },
		{ " {0+}\r\n\r\n",            "" },
		{ " \"\xed\x95\x9c\"\r\n",    "\xed\x95\x9c" },
		{ " \"a\"\n",                 "a" },
		{ " \"a\\b\"\r\n",            NULL },
		{ " \"a\r\nb\"\r\n",          NULL },
		{ " \"a\r\n",                 NULL },
		{ " a\r\n",                   NULL },
		{ " {3}\r\nabc\r\n",          NULL },
		{ " {4+}\r\nabc",             NULL },
		{ "\"a\"\r\n",                NULL },
		{ "  \"a\"\r\n",              NULL },
		{ " \"a\" \r\n",              NULL },
		{ " \"a\"b\r\n",              NULL },
		{ "",                         NULL },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, 16);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cur c = cur_of(slice_str(rows[i].in));

		managesieve_string(&c, &out);
		managesieve_end(&c);
		if (cur_end(&c) != (rows[i].out != NULL))
			fail_msg("%s", rows[i].in);
		if (rows[i].out != NULL)
			assert_true(slice_is(buf_slice(&out), rows[i].out));
	}
	/* Not more than there is room for. */
	struct cur c = cur_of(SLICE(" \"12345678901234567\"\r\n"));

	managesieve_string(&c, &out);
	assert_false(cur_ok(&c));
	buf_fini(&out);
}

static void
test_numbers(void **state)
{
	struct cur c = cur_of(SLICE(" 4294967295\r\n"));

	(void)state;
	assert_true(managesieve_number(&c) == UINT32_MAX);
	managesieve_end(&c);
	assert_true(cur_end(&c));
	c = cur_of(SLICE(" 4294967296\r\n"));
	(void)managesieve_number(&c);
	assert_false(cur_ok(&c));
	c = cur_of(SLICE(" -1\r\n"));
	(void)managesieve_number(&c);
	assert_false(cur_ok(&c));
	c = cur_of(SLICE("HAVESPACE x"));
	assert_true(slice_is(managesieve_atom(&c), "HAVESPACE"));
	c = cur_of(SLICE("\"x\""));
	(void)managesieve_atom(&c);
	assert_false(cur_ok(&c));
}

static void
test_replies(void **state)
{
	static char long_one[1100];
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	managesieve_put_reply(&out, "OK", NULL, SLICE(""));
	managesieve_put_reply(&out, "NO", "QUOTA/MAXSIZE", SLICE("a \"b\" \\"));
	managesieve_put_reply(&out, "BYE", NULL, SLICE("a\r\nb\r\n"));
	managesieve_put_reply(&out, "OK", NULL, SLICE("\xff"));
	assert_string_equal(buf_cstr(&out),
	    "OK\r\nNO (QUOTA/MAXSIZE) \"a \\\"b\\\" \\\\\"\r\n"
	    "BYE {6}\r\na\r\nb\r\n\r\nOK {1}\r\n\xff\r\n");
	buf_reset(&out);
	memset(long_one, 'x', sizeof long_one - 1);
	managesieve_put_string(&out, slice_str(long_one));
	assert_true(slice_starts(buf_slice(&out), SLICE("{1099}\r\nxxx")));
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
