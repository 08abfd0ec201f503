/* SPDX-License-Identifier: ISC */
#include "login/imaptext.h"

#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MAX = 64 };

/* What comes of IN byte by byte: a letter for each step that is not MORE, and
 * the length of the command. */
static void
feed(const char *in, struct buf *out)
{
	struct imaptext_frame f = { 0 };
	const struct slice all = slice_str(in);
	size_t len = 0;

	for (size_t n = 0; n <= all.n; n++) {
		enum imap_need need;

		while ((need = imaptext_frame(&f, slice_sub(all, 0, n), MAX,
			    &len)) != IMAP_MORE) {
			buf_addc(out, "mWGLB"[need]);
			if (need == IMAP_GO_AHEAD)
				continue;
			if (need != IMAP_TOO_LONG)
				buf_addu(out, len);
			return;
		}
	}
}

static void
test_frame(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a NOOP\r\n",                       "W8" },
		{ "a NOOP\n",                         "W7" },
		{ "a NOOP",                           "" },
		{ "\r\n",                             "W2" },
		{ "a L {2}\r\nxy {3}\r\nabc\r\nb X",  "GGW22" },
		{ "a L {2+}\r\nxy {3+}\r\nabc\r\nb X", "W24" },
		{ "a L {0}\r\n\r\nb",                 "GW11" },
		{ "a L {4}\r\n\r\n\r\n\r\n",          "GW15" },
		{ "a L {2}\r\nx",                     "G" },
		{ "a L {2",                           "" },
		{ "a L {x}\r\n",                      "W9" },
		{ "a L {}\r\n",                       "W8" },
		{ "a L {2} \r\n",                     "W10" },
		{ "a L 2}\r\n",                       "W8" },
		{ "a L {99}\r\n",                     "B10" },
		{ "a L {4294967295}\r\n",             "B18" },
		{ "a L {18446744073709551617}\r\n",   "W28" },
		{ "a L {99+}\r\n",                    "L" },
		{ "0123456789012345678901234567890123456789012345678901234567890"
		  "12345\r\n",                        "L" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 100);
		feed(rows[i].in, &out);
		if (!slice_is(buf_slice(&out), rows[i].out))
			fail_msg("row %zu: %s", i, buf_cstr(&out));
		buf_fini(&out);
	}
}

static void
test_astring(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		const char *out; /* NULL: refused */
	} rows[] = {
		{ "alice",              "alice" },
		{ "a]b",                "a]b" },
		{ "a@b.test",           "a@b.test" },
		{ "\"\"",               "" },
		{ "\"a b\"",            "a b" },
		{ "\"a\\\"b\\\\c\"",    "a\"b\\c" },
		{ "\"\xed\x95\x9c\"",   "\xed\x95\x9c" },
		{ "{3}\r\na\r\n",       "a\r\n" },
		{ "{3+}\r\nabc",        "abc" },
		{ "{0}\r\n",            "" },
		{ "",                   NULL },
		{ "(a)",                NULL },
		{ "a*",                 NULL },
		{ "a\\b",               NULL },
		{ "\xed\x95\x9c",       NULL },
		{ "\"a",                NULL },
		{ "\"a\\",              NULL },
		{ "\"a\\n\"",           NULL },
		{ "\"a\r\n\"",          NULL },
		{ "{3}\r\nab",          NULL },
		{ "{3}abc",             NULL },
		{ "{}\r\n",             NULL },
		{ "{-1}\r\n",           NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cur c = cur_of(slice_str(rows[i].in));
		struct buf out;

		buf_init(&out, 100);
		imaptext_astring(&c, &out);
		if (cur_end(&c) != (rows[i].out != NULL))
			fail_msg("row %zu", i);
		if (rows[i].out != NULL)
			assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
	}
}

static void
test_astring_has_a_limit(void **state)
{
	struct cur c = cur_of(SLICE("abcde"));
	struct buf out;

	(void)state;
	buf_init(&out, 4);
	imaptext_astring(&c, &out);
	assert_false(cur_ok(&c));
	buf_fini(&out);
}

static void
test_tag(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		bool ok;
	} rows[] = {
		{ "a",     true },
		{ "A001",  true },
		{ "a]b.c", true },
		{ "+",     false },
		{ "*",     false },
		{ "a+b",   false },
		{ "\"a\"", false },
		{ "",      false },
		{ "\x01",  false },
		{ "\xc3\xa9", false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cur c = cur_of(slice_str(rows[i].in));

		(void)imaptext_tag(&c);
		if (cur_end(&c) != rows[i].ok)
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_astring),
		cmocka_unit_test(test_astring_has_a_limit),
		cmocka_unit_test(test_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
