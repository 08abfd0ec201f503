/* SPDX-License-Identifier: ISC */
#include "table/reader.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "table/key.h"

/* What TEXT reads as: "key=value;" for entries, "!LINE;" for mistakes. */
static void
dump(struct slice text, struct buf *out)
{
	struct table_reader r;
	enum found found;

	table_reader_init(&r, text);
	while ((found = table_reader_next(&r, NULL)) != ABSENT) {
		if (found == FOUND)
			buf_addf(out, "%.*s=%.*s;",
			    SLICE_FMT(buf_slice(&r.key)),
			    SLICE_FMT(buf_slice(&r.value)));
		else
			buf_addf(out, "!%u;", r.line);
	}
	table_reader_fini(&r);
}

static void
test_entries(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "",                       "" },
		{ "\n\n# nothing\n  \n",    "" },
		{ "a b\n",                  "a=b;" },
		{ "a b",                    "a=b;" },
		{ "a: b",                   "a=b;" },
		{ "a:b",                    "a=b;" },
		{ "a : b",                  "a=b;" },
		{ "a\tb\tc  ",              "a=b\tc;" },
		{ "A@B.Example C",          "a@b.example=C;" },
		{ "a b\r\nc d\r\n",         "a=b;c=d;" },
		{ "a b\n c\n\td\ne f\n",    "a=b c d;e=f;" },
		{ "a:\n b\n",               "a=b;" },
		{ "a b\n# note\n c\n",      "a=b;!3;" },
		{ "a b\n#\nc d\n",          "a=b;c=d;" },
		{ "a :include:/x",          "a=include:/x;" },
		{ "a: :include:/x",         "a=:include:/x;" },
		{ "\"a b\"@c: d",           "\"a b\"@c=d;" },
		{ "\"a\\\" b\"@c: d",       "\"a\\\" b\"@c=d;" },
		{ "a@[IPv6:::1]: d",        "a@[ipv6:::1]=d;" },
		{ "a b#c",                  "a=b#c;" },
		{ "a\nb c\n",               "a=;b=c;" },
		{ "a:\nb c\n",              "a=;b=c;" },
		{ " a b\nc d\n",            "!1;c=d;" },
		{ ": b\nc d\n",             "!1;c=d;" },
		{ "a\x01 b\nc d",           "!1;c=d;" },
		{ "a b\x01\nc d",           "!1;c=d;" },
		{ "a b\n c\x7f\nc d",       "!1;c=d;" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		dump(slice_str(rows[i].in), &out);
		assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
	}
}

static void
test_limits(void **state)
{
	struct buf text, out;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < TABLE_KEY_MAX; i++)
		buf_addc(&text, 'k');
	buf_adds(&text, " ");
	for (size_t i = 0; i < TABLE_VALUE_MAX; i++)
		buf_addc(&text, 'v');
	dump(buf_slice(&text), &out);
	assert_int_equal(out.n, TABLE_KEY_MAX + TABLE_VALUE_MAX + 2);
	buf_adds(&text, "v\nkk a\nk");
	for (size_t i = 0; i < TABLE_KEY_MAX; i++)
		buf_addc(&text, 'k');
	buf_adds(&text, " v\nkkk b\n");
	buf_reset(&out);
	dump(buf_slice(&text), &out);
	assert_string_equal(buf_cstr(&out), "!1;kk=a;!3;kkk=b;");
	buf_fini(&text);
	buf_fini(&out);
}

/* from and to cover the entry with its continuation lines, so that it can be
 * taken out of the text. */
static void
test_extent(void **state)
{
	const struct slice text = SLICE("# x\na b\n c\n\nd e\n");
	struct table_reader r;

	(void)state;
	table_reader_init(&r, text);
	assert_int_equal(table_reader_next(&r, NULL), FOUND);
	assert_true(
	    slice_is(slice_sub(text, r.from, r.to - r.from), "a b\n c\n"));
	assert_int_equal(r.line, 2);
	assert_int_equal(table_reader_next(&r, NULL), FOUND);
	assert_true(slice_is(slice_sub(text, r.from, r.to - r.from), "d e\n"));
	assert_int_equal(r.line, 5);
	table_reader_fini(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_extent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
