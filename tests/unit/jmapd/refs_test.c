/* SPDX-License-Identifier: ISC */
/* Result references (RFC 8620 3.7): where paths lead, and what is none. */
#include "tests/unit.h"

#include "jmapd/api/refs.h"

#include <stdlib.h>

#include "base/mem.h"

static json_t *
load(const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

/* clang-format off */
static const char document[] =
    "{\"ids\":[\"a\",\"b\"],\"\":0,\"a/b\":1,\"m~n\":2,\"*\":3,\"n\":null,"
    "\"list\":[{\"id\":\"x\",\"to\":[1,2]},{\"id\":\"y\",\"to\":[]},"
    "{\"id\":\"z\",\"to\":[3,[4]]}]}";

static const struct {
	const char *path, *value; /* NULL: leads nowhere */
} paths[] = {
	{ "/ids", "[\"a\",\"b\"]" },
	{ "/ids/0", "\"a\"" },
	{ "/ids/1", "\"b\"" },
	{ "/", "0" },
	{ "/a~1b", "1" },
	{ "/m~0n", "2" },
	{ "/*", "3" },
	{ "/n", "null" },
	{ "/list/*/id", "[\"x\",\"y\",\"z\"]" },
	{ "/list/*/to", "[1,2,3,[4]]" },
	{ "/list/*/to/*", "[1,2,3,4]" },
	{ "/ids/*", "[\"a\",\"b\"]" },
	{ "/list/1/to/*/x", "[]" },
	{ "ids", NULL },
	{ "/none", NULL },
	{ "/ids/2", NULL },
	{ "/ids/00", NULL },
	{ "/ids/01", NULL },
	{ "/ids/-", NULL },
	{ "/ids/-1", NULL },
	{ "/ids/1x", NULL },
	{ "/ids/99999999999999999999", NULL },
	{ "/ids/0/a", NULL },
	{ "/n/a", NULL },
	{ "/m~n", NULL },
	{ "/m~2n", NULL },
	{ "/m~", NULL },
	{ "/list/*/none", NULL },
	{ "/ids/*/x", NULL },
};
/* clang-format on */

static void
test_paths(void **state)
{
	json_t *doc = load(document);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		json_t *got = refs_follow(doc, paths[i].path);
		json_t *want;

		assert_int_equal(got != NULL, paths[i].value != NULL);
		if (got == NULL)
			continue;
		want = load(paths[i].value);
		assert_true(json_equal(got, want));
		json_decref(want);
		json_decref(got);
	}
	json_decref(doc);
}

/* clang-format off */
static const struct {
	const char *args;
	const char *error;    /* NULL: none */
	const char *resolved;
} references[] = {
	{ "{\"a\":1}", NULL, "{\"a\":1}" },
	{ "{\"#ids\":{\"resultOf\":\"0\",\"name\":\"X/query\",\"path\":\"/ids\"}}",
	  NULL, "{\"ids\":[\"a\"]}" },
	{ "{\"#ids\":{\"resultOf\":\"0\",\"name\":\"X/get\",\"path\":\"/ids\"}}",
	  "invalidResultReference", NULL },
	{ "{\"#ids\":{\"resultOf\":\"9\",\"name\":\"X/query\",\"path\":\"/ids\"}}",
	  "invalidResultReference", NULL },
	{ "{\"#ids\":{\"resultOf\":\"0\",\"name\":\"X/query\",\"path\":\"/no\"}}",
	  "invalidResultReference", NULL },
	{ "{\"#ids\":{\"resultOf\":0,\"name\":\"X/query\",\"path\":\"/ids\"}}",
	  "invalidResultReference", NULL },
	{ "{\"#ids\":[]}", "invalidResultReference", NULL },
	{ "{\"#ids\":null}", "invalidResultReference", NULL },
	{ "{\"ids\":[],\"#ids\":{\"resultOf\":\"0\",\"name\":\"X/query\","
	  "\"path\":\"/ids\"}}", "invalidArguments", NULL },
	/* The first response of that id counts. */
	{ "{\"#x\":{\"resultOf\":\"1\",\"name\":\"Y/get\",\"path\":\"/n\"}}",
	  NULL, "{\"x\":1}" },
};
/* clang-format on */

static void
test_references(void **state)
{
	json_t *responses =
	    load("[[\"X/query\",{\"ids\":[\"a\"]},\"0\"],"
		 "[\"Y/get\",{\"n\":1},\"1\"],[\"Y/get\",{\"n\":2},\"1\"]]");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		json_t *args = load(references[i].args);
		const char *error = refs_resolve(responses, args);

		if (references[i].error != NULL) {
			assert_string_equal(error, references[i].error);
		} else {
			json_t *want = load(references[i].resolved);

			assert_null(error);
			assert_true(json_equal(args, want));
			json_decref(want);
		}
		json_decref(args);
	}
	json_decref(responses);
}

static void
test_wanted(void **state)
{
	json_t *calls = load("[[\"a\",{\"#x\":{\"resultOf\":\"1\"}},\"0\"],"
			     "[\"a\",{\"x\":{\"resultOf\":\"3\"}},\"1\"],"
			     "[\"a\",{\"#x\":{\"resultOf\":\"2\"}},\"2\"]]");

	(void)state;
	assert_true(refs_wanted(calls, 0, "1"));
	assert_false(refs_wanted(calls, 1, "1"));
	assert_true(refs_wanted(calls, 1, "2"));
	assert_false(refs_wanted(calls, 3, "2"));
	assert_false(refs_wanted(calls, 0, "3"));
	json_decref(calls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
