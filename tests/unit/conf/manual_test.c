/* SPDX-License-Identifier: ISC */
#include "conf/manual.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_text(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		const char *out;
	} rows[] = {
		{ "One. Two (RFC 1). Three",  "One.\nTwo (RFC 1).\nThree\n" },
		{ "One (a.) Two 4.5.3 x",     "One (a.)\nTwo 4.5.3 x\n" },
		{ ".forward. 'x' a\\b",       "\\&.forward.\n\\&'x' a\\eb\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		conf_manual_text(slice_str(rows[i].in), &out);
		assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
	}
}

static void
test_list(void **state)
{
	static const struct conf_param params[] = {
		{ "wait", CONF_SECS, 0, "5m", "1s", "1h", NULL, "A wait." },
		{ "word", CONF_STR, 0, "", NULL, NULL, NULL, "A. B." },
		{ "tls", CONF_ENUM, 0, "no", NULL, NULL, "no|may", "C." },
	};
	static const struct conf_desc d = { "x", NULL, 0, params, 3 };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	conf_manual_mdoc(&d, &out);
	assert_string_equal(buf_cstr(&out),
	    ".Bl -tag -width Ds\n"
	    ".It Ic wait Li \"= 5m\"\nA wait.\n"
	    "Takes a time with ms, s, m, h, d, w from 1s to 1h.\n"
	    ".It Ic word\nA.\nB.\n"
	    ".It Ic tls Li \"= no\"\nC.\nTakes one of no, may.\n"
	    ".El\n");
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
