/* SPDX-License-Identifier: ISC */
#include "mime/param.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

#define GA "\xea\xb0\x80"

/* "type/subtype name=value|..." */
static void
assert_type(const char *in, const char *want)
{
	struct slice type, subtype;
	struct param *p;
	struct arena arena;
	struct buf got;

	arena_init(&arena);
	buf_init(&got, 10000);
	if (param_content_type(&arena, slice_str(in), &type, &subtype, &p)) {
		buf_add(&got, type);
		buf_addc(&got, '/');
		buf_add(&got, subtype);
		for (; p != NULL; p = p->next)
			buf_addf(&got, "|%.*s=%.*s", SLICE_FMT(p->name),
			    SLICE_FMT(p->value));
	}
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
	arena_fini(&arena);
}

static void
test_content_type(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "text/plain",                       "text/plain" },
		{ " Text / Plain ; charset = utf-8 ", "Text/Plain|charset=utf-8" },
		{ "text/plain; charset=us-ascii (Plain text)", "text/plain|charset=us-ascii" },
		{ "text/plain (c); (c) charset=\"us-ascii\"", "text/plain|charset=us-ascii" },
		{ "multipart/mixed; boundary=----=_Part_1", "multipart/mixed|boundary=----=_Part_1" },
		{ "a/b; x=\"a\\\"b;c\"; y=z",         "a/b|x=a\"b;c|y=z" },
		{ "a/b; x=\"a\r\n b\"",               "a/b|x=a b" },
		{ "a/b; name=my file (1).pdf; y=z",   "a/b|name=my file (1).pdf|y=z" },
		{ "a/b; x=\"unclosed",                "a/b|x=unclosed" },
		{ "a/b;;; x=1;",                      "a/b|x=1" },
		{ "a/b; x; =2; y=3",                  "a/b|y=3" },
		{ "a/b; x=",                          "a/b|x=" },
		{ "a/b x=1; y=2",                     "a/b|y=2" },
		/* RFC 2231 3, 4.1 */
		{ "a/b; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu\"", "a/b|URL=ftp://cs.utk.edu" },
		{ "a/b; t*1=y; t*0=x; u=v",           "a/b|t=xy|u=v" },
		{ "a/b; t*0*=us-ascii'en'This%20is; t*1*=%2A%2A; t*2=\" it!\"",
		  "a/b|t*=us-ascii'en'This%20is%2A%2A%20it!" },
		{ "a/b; t*0=x; t*1*=%41",             "a/b|t*=''x%41" },
		{ "a/b; t*=utf-8''%EA%B0%80",         "a/b|t*=utf-8''%EA%B0%80" },
		{ "a/b; t*1=y",                       "a/b|t*1=y" },
		{ "a/b; t*0=x; t*0=y; t*2=z",         "a/b|t=x" },
		{ "a/b; t*99999999999999999999=x",    "a/b|t*99999999999999999999=x" },
		{ "a/b; *0=x",                        "a/b|*0=x" },
		{ "text",                             "" },
		{ "text/",                            "" },
		{ "/plain",                           "" },
		{ "",                                 "" },
		{ "(((",                              "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_type(rows[i].in, rows[i].want);
}

static void
test_param_text(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "a; filename=x.pdf",                        "x.pdf" },
		{ "a; filename=x; filename*=utf-8''%EA%B0%80", GA },
		{ "a; filename*0*=euc-kr''%B0; filename*1*=%A1", GA },
		{ "a; filename=\"=?euc-kr?B?sKE=?=\"",        GA },
		{ "a; FILENAME*=nothing",                     "nothing" },
		{ "a; filename*=x''%4",                       "%4" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		struct slice token;
		struct param *p;
		struct buf out;

		arena_init(&arena);
		buf_init(&out, 1000);
		assert_true(param_disposition(
		    &arena, slice_str(rows[i].in), &token, &p));
		assert_true(param_text(p, "filename", &out));
		assert_string_equal(buf_cstr(&out), rows[i].want);
		assert_false(param_text(p, "name", &out));
		buf_fini(&out);
		arena_fini(&arena);
	}
}

static void
test_param_value(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "a/b; report-type=disposition-notification", "disposition-notification" },
		{ "a/b; report-type*=us-ascii'en'delivery%2dstatus", "delivery-status" },
		{ "a/b; Report-Type*0*=''delivery; report-type*1=-status", "delivery-status" },
		{ "a/b; report-type*0=delivery-; report-type*1*=%73tatus", "delivery-status" },
		{ "a/b; report-type*=delivery%2dstatus", "delivery-status" },
		{ "a/b; report-type*=it's",           "it's" },
		{ "a/b; report-type=x; report-type*=''y", "y" },
		{ "a/b; report-type*=",               "" },
		{ "a/b; report-type*1=x",             NULL },
		{ "a/b; other=x",                     NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice type, subtype, value;
		struct arena arena;
		struct param *p;

		arena_init(&arena);
		assert_true(param_content_type(
		    &arena, slice_str(rows[i].in), &type, &subtype, &p));
		value = param_value(&arena, p, "report-type");
		assert_int_equal(value.p != NULL, rows[i].want != NULL);
		if (rows[i].want != NULL)
			assert_true(slice_is(value, rows[i].want));
		arena_fini(&arena);
	}
}

/* A thousand of each piece: what is kept stays small. */
static void
test_param_flood(void **state)
{
	struct slice type, subtype;
	struct arena arena;
	struct param *p;
	struct buf in;
	size_t n = 0;

	(void)state;
	arena_init(&arena);
	buf_init(&in, 1 << 20);
	buf_adds(&in, "a/b");
	for (int i = 0; i < 1000; i++)
		buf_adds(&in, "; t*0*=%41%41%41%41; t*1*=%42; u=1");
	assert_true(
	    param_content_type(&arena, buf_slice(&in), &type, &subtype, &p));
	for (; p != NULL; p = p->next)
		n++;
	assert_in_range(n, 1, PARAM_MAX);
	assert_true(arena.used_bytes < 64 << 10);
	buf_fini(&in);
	arena_fini(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_type),
		cmocka_unit_test(test_param_text),
		cmocka_unit_test(test_param_value),
		cmocka_unit_test(test_param_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
