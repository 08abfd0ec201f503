/* SPDX-License-Identifier: ISC */
/* RFC 4013 3, and Korean. */
#include "mime/saslprep.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *in;
	const char *out; /* NULL: prohibited */
} rows[] = {
	{ "user", "user" },
	{ "USER", "USER" },
	{ "p w!", "p w!" },
	{ "I\xc2\xadX", "IX" },                   /* soft hyphen */
	{ "\xc2\xaa", "a" },                      /* ordinal indicator */
	{ "\xe2\x85\xa8", "IX" },                 /* roman numeral */
	{ "a\xc2\xa0" "b", "a b" },               /* no-break space */
	{ "a\xe3\x80\x80" "b", "a b" },           /* ideographic space */
	{ "cafe\xcc\x81", "caf\xc3\xa9" },        /* composed */
	{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c" }, /* jamo */
	{ "\xef\xbc\xa1", "A" },                  /* full width */
	{ "\xe2\x80\x8b" "a", "a" },              /* zero width space */
	{ "\xd7\x90\xd7\x91", "\xd7\x90\xd7\x91" },
	{ "", NULL },
	{ "\x07", NULL },
	{ "a\x7f", NULL },
	{ "\xc2\xad", NULL },                     /* nothing is left */
	{ "\xd8\xa7" "1", NULL },                 /* RFC 4013's example */
	{ "\xd7\x90" "a" "\xd7\x91", NULL },
	{ "\xee\x80\x80", NULL },                 /* private use */
	{ "\xf0\x9f\xa4", NULL },                 /* cut off */
	{ "\xff", NULL },
	{ "\xed\xa0\x80", NULL },                 /* surrogate */
	{ "a\xe2\x80\xae" "b", NULL },            /* override */
	{ "\xf0\xaf\xbf\xbf", NULL },             /* not assigned */
};
/* clang-format on */

static void
test_rows(void **state)
{
	struct buf out = { .max = 100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		if (saslprep(slice_str(rows[i].in), &out) !=
		    (rows[i].out != NULL))
			fail_msg("row %zu", i);
		if (rows[i].out != NULL)
			assert_string_equal(buf_cstr(&out), rows[i].out);
	}
	buf_fini(&out);
}

static void
test_limits(void **state)
{
	char long_one[1026];
	struct buf out = { .max = 4 };

	(void)state;
	memset(long_one, 'a', sizeof long_one);
	assert_false(saslprep(SLICE("abcde"), &out));
	assert_false(saslprep(slice_of(long_one, sizeof long_one), &out));
	buf_fini(&out);
	/* one character that becomes eighteen, many times */
	for (size_t i = 0; i + 3 <= sizeof long_one; i += 3)
		memcpy(long_one + i, "\xef\xb7\xba", 3);
	buf_init(&out, 10000);
	assert_false(saslprep(slice_of(long_one, 1023), &out));
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
