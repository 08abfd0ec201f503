/* SPDX-License-Identifier: ISC */
#include "imapd/conn/cmdtext.h"

#include "tests/unit.h"

#include "base/mem.h"

enum { MAX = 64 };

/* Feed IN in steps; literals that fit are accepted, others skipped where they
 * come unasked.  Events as letters: D, L, T, F, each with the text behind it.
 */
static void
run(struct slice all, size_t step, struct buf *got)
{
	static const char letters[] = { '?', 'D', 'L', 'T', 'F' };
	struct cmdtext t;

	cmdtext_init(&t, MAX);
	for (size_t at = 0; at < all.n; at += step) {
		struct slice in = slice_sub(all, at, step);

		while (in.n > 0) {
			const enum cmdtext_event e = cmdtext_feed(&t, &in);

			if (e == CMDTEXT_MORE)
				break;
			buf_addc(got, letters[e]);
			if (e == CMDTEXT_DONE) {
				buf_addc(got, '<');
				buf_add(got, buf_slice(&t.text));
				buf_addc(got, '>');
			}
			if (e == CMDTEXT_LITERAL && !cmdtext_accept(&t)) {
				if (t.literal.nonsync && cmdtext_skip(&t))
					continue;
			} else if (e == CMDTEXT_LITERAL) {
				continue;
			}
			cmdtext_reset(&t);
		}
	}
	cmdtext_fini(&t);
}

static void
test_commands(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "a NOOP\r\n",                         "D<a NOOP>" },
		{ "a NOOP\nb NOOP\r\n",                 "D<a NOOP>D<b NOOP>" },
		{ "\r\n",                               "D<>" },
		{ "a NOOP",                             "" },
		{ "a X {3}\r\nabc d\r\n",               "LD<a X {3}\r\nabc d>" },
		{ "a X {3+}\r\na\r\n d\r\n",            "LD<a X {3+}\r\na\r\n d>" },
		{ "a X {0}\r\n\r\nb\r\n",               "LD<a X {0}\r\n>D<b>" },
		{ "a {1}\r\nx {1}\r\ny z\r\n",          "LLD<a {1}\r\nx {1}\r\ny z>" },
		{ "a X {1}\r\n{\r\nb\r\n",              "LD<a X {1}\r\n{>D<b>" },
		/* a sync literal that does not fit: the client is told */
		{ "a X {100}\r\nb Y\r\n",               "LD<b Y>" },
		/* what comes unasked is passed over, with what follows */
		{ "a X {70+}\r\n0123456789012345678901234567890123456789012345678901234567890123456789 c\r\nb Y\r\n",
		  "LTD<b Y>" },
		/* a line too long; one that goes on in a literal */
		{ "a 0123456789012345678901234567890123456789012345678901234567890123456789\r\nb\r\n",
		  "TD<b>" },
		{ "a 0123456789012345678901234567890123456789012345678901234567890123456789 {4+}\r\nb\r\nx\r\nc\r\n",
		  "TD<c>" },
		{ "a 0123456789012345678901234567890123456789012345678901234567890123456789 {4}\r\nb\r\n",
		  "TD<b>" },
		/* no way to pass that over */
		{ "a 0123456789012345678901234567890123456789012345678901234567890123456789 {99999999999999999999+}\r\n",
		  "F" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);

		for (size_t step = 1; step <= in.n; step++) {
			struct buf got;

			buf_init(&got, 1000);
			run(in, step, &got);
			assert_string_equal(buf_cstr(&got), rows[i].want);
			buf_fini(&got);
		}
	}
}

static void
test_skip_limit(void **state)
{
	struct slice in = SLICE("a X {99999999+}\r\n");
	struct cmdtext t;

	(void)state;
	cmdtext_init(&t, MAX);
	assert_int_equal(cmdtext_feed(&t, &in), CMDTEXT_LITERAL);
	assert_false(cmdtext_accept(&t));
	assert_false(cmdtext_skip(&t));
	cmdtext_fini(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_skip_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
