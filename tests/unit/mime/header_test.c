/* SPDX-License-Identifier: ISC */
#include "mime/header.h"

#include "tests/unit.h"

#include "base/mem.h"

/* Every field as "name=value|", then what is behind the header. */
static void
assert_fields(const char *in, const char *want)
{
	struct slice head = slice_str(in);
	struct header_field f;
	struct buf got;

	buf_init(&got, 4096);
	while (header_next(&head, &f)) {
		buf_add(&got, f.name);
		buf_addc(&got, '=');
		header_unfold(&got, f.value);
		buf_addc(&got, '|');
	}
	buf_add(&got, head);
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
}

static void
test_fields(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "A: b\r\n\r\nbody",              "A=b|body" },
		{ "A: b\n\nbody",                  "A=b|body" },
		{ "A: b\nC:d\n",                   "A=b|C=d|" },
		{ "A: b",                          "A=b|" },
		{ "A: b\r",                        "A=b|" },
		{ "A:\r\n b\r\n\tc\r\nD: e\r\n",   "A=b\tc|D=e|" },
		{ "A: b\n \n c\n\nD: e",           "A=b  c|D: e" },
		{ "From x Mon Jan  1 00:00:00 2024\nA: b\n\n", "A=b|" },
		{ ">From: x\nA: b\n",              ">From=x|A=b|" },
		{ " folded nothing\nA: b\n",       "A=b|" },
		{ "no colon here\nA: b\n",         "A=b|" },
		{ "no colon\n folded\nA: b\n",     "A=b|" },
		{ ": no name\nA: b\n",             "A=b|" },
		{ "A : b\nB\t: c\n",               "A=b|B=c|" },
		{ "A b: c\nD: e\n",                "D=e|" },
		{ "\xc3\xa9: c\nD: e\n",           "D=e|" },
		{ "A: b\rC: d\n",                  "A=b C: d|" },
		{ "\r\nA: b\n",                    "A: b\n" },
		{ "\nA: b\n",                      "A: b\n" },
		{ "",                              "" },
		{ "A:\n\n",                        "A=|" },
		{ "A: b:c\n",                      "A=b:c|" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_fields(rows[i].in, rows[i].want);
}

static void
test_find(void **state)
{
	const struct slice head =
	    SLICE("To: a\r\nX-A: 1\r\n 2\r\nto: b\r\n\r\nCc: c\r\n");
	struct header_field f;

	(void)state;
	assert_true(header_find(head, "TO", &f));
	assert_true(slice_is(f.value, " a"));
	assert_true(header_find(head, "x-a", &f));
	assert_true(slice_is(f.raw, "X-A: 1\r\n 2\r\n"));
	assert_true(slice_is(f.value, " 1\r\n 2"));
	assert_false(header_find(head, "T", &f));
	assert_false(header_find(head, "Cc", &f)); /* that is the body */
}

static void
test_length(void **state)
{
	(void)state;
	assert_int_equal(header_length(SLICE("A: b\r\n\r\nbody\r\n")), 8);
	assert_int_equal(header_length(SLICE("A: b\n\nbody\n\n")), 6);
	assert_int_equal(header_length(SLICE("A: b\n")), 5);
	assert_int_equal(header_length(SLICE("\n")), 1);
	assert_int_equal(header_length(SLICE("")), 0);
}

static void
test_name(void **state)
{
	(void)state;
	assert_true(slice_is(header_name(SLICE("Subject: x")), "Subject"));
	assert_true(slice_is(header_name(SLICE("Subject :")), "Subject"));
	assert_int_equal(header_name(SLICE("Subject")).n, 0);
	assert_int_equal(header_name(SLICE(" Subject: x")).n, 0);
	assert_int_equal(header_name(SLICE(":")).n, 0);
	assert_int_equal(header_name(SLICE("")).n, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
