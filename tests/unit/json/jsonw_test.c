/* SPDX-License-Identifier: ISC */
/* JSON as it is written: commas, escapes, what is no UTF-8. */
#include "tests/unit.h"

#include "json/jsonw.h"

#include "base/mem.h"

static void
test_structure(void **state)
{
	struct buf out = { .max = 1000 };
	struct jsonw w;

	(void)state;
	jsonw_begin(&w, &out);
	jsonw_open(&w, '{');
	jsonw_name(&w, "a");
	jsonw_open(&w, '[');
	jsonw_close(&w, ']');
	jsonw_name(&w, "b");
	jsonw_open(&w, '[');
	jsonw_int(&w, -1);
	jsonw_uint(&w, UINT64_MAX);
	jsonw_open(&w, '{');
	jsonw_close(&w, '}');
	jsonw_bool(&w, true);
	jsonw_bool(&w, false);
	jsonw_null(&w);
	jsonw_raw(&w, SLICE("{\"x\":1}"));
	jsonw_close(&w, ']');
	jsonw_key(&w, SLICE("k\"\n"));
	jsonw_string(&w, SLICE("v"));
	jsonw_close(&w, '}');
	assert_string_equal(buf_cstr(&out),
	    "{\"a\":[],\"b\":[-1,18446744073709551615,{},true,false,null,"
	    "{\"x\":1}],\"k\\\"\\u000a\":\"v\"}");
	buf_fini(&out);
}

/* clang-format off */
static const struct {
	struct slice in;
	const char *out;
} strings[] = {
	{ SLICE(""), "\"\"" },
	{ SLICE("plain"), "\"plain\"" },
	{ SLICE("\"\\/"), "\"\\\"\\\\/\"" },
	{ SLICE("\xed\x95\x9c"), "\"\xed\x95\x9c\"" },
	{ SLICE("\xf0\x9f\x93\xa7"), "\"\xf0\x9f\x93\xa7\"" },
	{ SLICE("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"" },
	{ SLICE("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ SLICE("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ SLICE("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
};
/* clang-format on */

static void
test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		struct buf out = { .max = 100 };
		struct jsonw w;

		jsonw_begin(&w, &out);
		jsonw_string(&w, strings[i].in);
		assert_string_equal(buf_cstr(&out), strings[i].out);
		buf_fini(&out);
	}
}

/* What has no room is told at the end. */
static void
test_full(void **state)
{
	struct buf out = { .max = 4 };
	struct jsonw w;

	(void)state;
	jsonw_begin(&w, &out);
	jsonw_string(&w, SLICE("too long"));
	assert_true(out.failed);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
