/* SPDX-License-Identifier: ISC */
#include "mime/taglist.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_lists(void **state)
{
	static const struct {
		const char *text, *name;
		const char *value; /* NULL: it is no list */
	} rows[] = {
		{ "a=b", "a", "b" },
		{ " a = b ; c=d; ", "c", "d" },
		{ "a=b;c=;", "c", "" },
		{ "a=\r\n b\r\n\tc", "a", "b\r\n\tc" },
		{ "a=b=c", "a", "b=c" },
		{ "A=1;a=2", "a", "2" },
		{ "a_1=x", "a_1", "x" },
		{ "a=\xc3\xa4", "a", "\xc3\xa4" },
		{ "", "a", NULL },
		{ ";", "a", NULL },
		{ "a=b;;c=d", "a", NULL },
		{ "a=b;a=c", "a", NULL },
		{ "a", "a", NULL },
		{ "=b", "a", NULL },
		{ "1a=b", "a", NULL },
		{ "a b=c", "a", NULL },
		{ "a=\x01", "a", NULL },
	};
	struct taglist t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const bool is = taglist_parse(slice_str(rows[i].text), &t);

		if (is != (rows[i].value != NULL))
			fail_msg("%s", rows[i].text);
		if (is &&
		    !slice_is(taglist_get(&t, rows[i].name), rows[i].value))
			fail_msg("%s in %s", rows[i].name, rows[i].text);
	}
	assert_true(taglist_parse(SLICE("a=b"), &t));
	assert_null(taglist_get(&t, "b").p);
}

/* As many as there may be, and one more. */
static void
test_many(void **state)
{
	struct buf text = { .max = 9999 };
	struct taglist t;

	(void)state;
	for (int i = 0; i < TAGLIST_MAX; i++)
		buf_addf(&text, "t%d=x;", i);
	assert_true(taglist_parse(buf_slice(&text), &t));
	buf_adds(&text, "more=x");
	assert_false(taglist_parse(buf_slice(&text), &t));
	buf_reset(&text);
	taglist_compact(SLICE(" a\r\n\tb c "), &text);
	assert_string_equal(buf_cstr(&text), "abc");
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
