/* SPDX-License-Identifier: ISC */
#include "proto/mutf7.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *text;
	const char *wire;
} pairs[] = {
	{ "",                     "" },
	{ "Sent",                 "Sent" },
	{ "A & B",                "A &- B" },
	{ "&",                    "&-" },
	{ "~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
	{ "보낸편지함",             "&vPSwuNO4ycDVaA-" },
	{ "é",                    "&AOk-" },
	{ "\xF0\x9F\x98\x80",     "&2D3eAA-" },
	{ "a\xF0\x9F\x98\x80z",   "a&2D3eAA-z" },
};
/* clang-format on */

static void
test_both_ways(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		buf_reset(&out);
		assert_true(mutf7_encode(&out, slice_str(pairs[i].text), NULL));
		assert_string_equal(buf_cstr(&out), pairs[i].wire);
		buf_reset(&out);
		assert_true(mutf7_decode(&out, slice_str(pairs[i].wire)));
		assert_string_equal(buf_cstr(&out), pairs[i].text);
	}
	buf_fini(&out);
}

static void
test_also(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_true(mutf7_encode(&out, SLICE("a.b"), "./"));
	assert_string_equal(buf_cstr(&out), "a&AC4-b");
	buf_reset(&out);
	assert_true(mutf7_decode(&out, SLICE("a&AC4-b")));
	assert_string_equal(buf_cstr(&out), "a.b");
	buf_fini(&out);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = { "&", "a&", "&AOk", "&A-", "&AO-",
		"&AOl-" /* bits left over */, "&2D0-" /* half a pair */,
		"&3gA-" /* the second half alone */, "&AAA-" /* NUL */,
		"&AAo-" /* LF */, "a\nb", "caf\xC3\xA9", "&*-", "&AOk=-" };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		buf_reset(&out);
		assert_false(mutf7_decode(&out, slice_str(bad[i])));
	}
	buf_reset(&out);
	assert_false(mutf7_encode(&out, SLICE("\xFF"), NULL));
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_also),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
