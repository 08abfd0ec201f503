/* SPDX-License-Identifier: ISC */
/* Request objects as JSON: what is taken, and what is refused and why. */
#include "tests/unit.h"

#include "jmapd/api/parse.h"

#include "base/buf.h"
#include "base/mem.h"

/* clang-format off */
static const struct {
	struct slice text;
	enum parse_result result;
} rows[] = {
	{ SLICE("{}"), PARSE_OK },
	{ SLICE(" [1, -2, 3.5e1, true, null, \"\\u00e9\"] "), PARSE_OK },
	{ SLICE("\"x\""), PARSE_OK },
	{ SLICE("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"), PARSE_OK },
	{ SLICE("\"[[[[[[[[\\\"[[[[\""), PARSE_OK },
	{ SLICE(""), PARSE_NOT_JSON },
	{ SLICE("{"), PARSE_NOT_JSON },
	{ SLICE("{}{}"), PARSE_NOT_JSON },
	{ SLICE("{\"a\":1,}"), PARSE_NOT_JSON },
	{ SLICE("{a:1}"), PARSE_NOT_JSON },
	{ SLICE("'x'"), PARSE_NOT_JSON },
	{ SLICE("[01]"), PARSE_NOT_JSON },
	{ SLICE("[NaN]"), PARSE_NOT_JSON },
	/* RFC 7493: a name once, UTF-8, no surrogate alone; and no NUL here */
	{ SLICE("{\"a\":1,\"a\":2}"), PARSE_NOT_JSON },
	{ SLICE("{\"a\":1,\"\\u0061\":2}"), PARSE_NOT_JSON },
	{ SLICE("\"\xff\""), PARSE_NOT_JSON },
	{ SLICE("\"\xc0\xaf\""), PARSE_NOT_JSON },
	{ SLICE("\"\\ud800\""), PARSE_NOT_JSON },
	{ SLICE("\"\\u0000\""), PARSE_NOT_JSON },
	{ SLICE("\"a\nb\""), PARSE_NOT_JSON },
	{ SLICE("{} \0"), PARSE_NOT_JSON },
	{ SLICE("\""), PARSE_NOT_JSON },
	{ SLICE("\"\\"), PARSE_NOT_JSON },
};
/* clang-format on */

static void
test_rows(void **state)
{
	(void)state;
	parse_seed();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *v;

		assert_int_equal(parse_json(rows[i].text, &v), rows[i].result);
		assert_int_equal(v != NULL, rows[i].result == PARSE_OK);
		json_decref(v);
	}
}

static enum parse_result
parse_repeated(const char *open, const char *close, unsigned n)
{
	struct buf text = { .max = 1 << 24 };
	enum parse_result result;
	json_t *v;

	for (unsigned i = 0; i < n; i++)
		buf_adds(&text, open);
	for (unsigned i = 0; i < n; i++)
		buf_adds(&text, close);
	result = parse_json(buf_slice(&text), &v);
	json_decref(v);
	buf_fini(&text);
	return result;
}

static void
test_limits(void **state)
{
	(void)state;
	assert_int_equal(parse_repeated("[", "]", PARSE_DEPTH_MAX), PARSE_OK);
	assert_int_equal(
	    parse_repeated("[", "]", PARSE_DEPTH_MAX + 1), PARSE_TOO_DEEP);
	assert_int_equal(
	    parse_repeated("{\"a\":", "", 1 << 20), PARSE_TOO_DEEP);
	/* Neither what is closed nor what stands in a string is deep. */
	assert_int_equal(
	    parse_repeated("[],", "", PARSE_VALUES_MAX), PARSE_TOO_DEEP);
	assert_int_equal(parse_repeated("\"[{\",", "", 10), PARSE_NOT_JSON);
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
