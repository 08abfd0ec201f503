/* SPDX-License-Identifier: ISC */
#include "auth/json.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const char *const valid[] = {
	"{}", "[]", " {} ", "\"\"", "0", "-1.5e+10", "true", "null",
	"{\"a\":[1,2,{\"b\":null}],\"c\":\"\\u00e9\\n\"}",
	"[ 1 , 2 ]", "\"\\ud83d\\ude00\"", "1E5",
	"[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]",
};
static const char *const invalid[] = {
	"", " ", "{", "}", "[", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}",
	"[1,]", "[1 2]", "\"", "\"a", "\"\\x\"", "\"\\u12\"", "\"\n\"",
	"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "01", "1.", ".5",
	"+1", "1e", "tru", "True", "nul", "{} {}", "\"\xff\"", "{\"a\" 1}",
	"{1:2}", "[1}", "\"\\u{1}\"",
	"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
};
/* clang-format on */

static void
test_grammar(void **state)
{
	struct slice value;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(valid); i++)
		if (!json_parse(slice_str(valid[i]), &value))
			fail_msg("%s", valid[i]);
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++)
		if (json_parse(slice_str(invalid[i]), &value))
			fail_msg("%s", invalid[i]);
}

static void
test_members(void **state)
{
	static const char text[] =
	    "{ \"a\" : \"x\\\"\\u0041\\ud83d\\ude00\" , \"n\" : 12.75 , "
	    "\"l\":[ \"p\" , {\"a\":1}, 7 ] ,\"two\":1,\"two\":2, "
	    "\"\\u0065sc\":true }";
	struct buf out = { .max = 100 };
	struct slice object, v, e;
	int64_t n;

	(void)state;
	assert_true(json_parse(slice_str(text), &object));
	assert_true(json_member(object, "a", &v));
	assert_true(json_string(v, &out));
	assert_string_equal(buf_cstr(&out), "x\"A\xf0\x9f\x98\x80");
	assert_true(json_is(v, "x\"A\xf0\x9f\x98\x80"));
	assert_false(json_is(v, "x"));
	assert_false(json_number(v, &n));
	assert_true(json_member(object, "n", &v));
	assert_true(json_number(v, &n));
	assert_int_equal(n, 12);
	assert_false(json_string(v, &out));
	assert_true(json_member(object, "esc", &v));
	assert_true(slice_is(v, "true"));
	assert_false(json_member(object, "p", &v));
	/* of two nobody knows which counts */
	assert_true(json_member(object, "two", &v));
	assert_false(json_number(v, &n));
	assert_true(json_member(object, "l", &v));
	assert_true(json_next(&v, &e) && json_is(e, "p"));
	assert_true(json_next(&v, &e) && json_member(e, "a", &e));
	assert_true(json_next(&v, &e) && json_number(e, &n));
	assert_int_equal(n, 7);
	assert_false(json_next(&v, &e));
	assert_false(json_member(SLICE("[]"), "a", &v));
	v = SLICE("[]");
	assert_false(json_next(&v, &e));
	buf_fini(&out);
}

static void
test_numbers(void **state)
{
	int64_t n;

	(void)state;
	assert_true(json_number(SLICE("9007199254740992"), &n));
	assert_false(json_number(SLICE("9007199254740993"), &n));
	assert_false(json_number(SLICE("-1"), &n));
	assert_false(json_number(SLICE("1e3"), &n));
	assert_false(json_number(SLICE("\"1\""), &n));
	assert_false(json_number(SLICE(""), &n));
}

/* A long string is skipped, and only too long for whoever asks for it. */
static void
test_long(void **state)
{
	struct buf text = { .max = 10000 }, out = { .max = 100 };
	struct slice object, v;

	(void)state;
	buf_adds(&text, "{\"long\":\"");
	for (int i = 0; i < 6000; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\",\"a\":\"b\"}");
	assert_true(json_parse(buf_slice(&text), &object));
	assert_true(json_member(object, "a", &v) && json_is(v, "b"));
	assert_true(json_member(object, "long", &v));
	assert_false(json_string(v, &out));
	assert_int_equal(out.n, 0);
	buf_fini(&text);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
