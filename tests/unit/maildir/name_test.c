/* SPDX-License-Identifier: ISC */
#include "maildir/name.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_names_and_dirs(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		const char *dir;
	} rows[] = {
		{ "INBOX",       "" },
		{ "Sent",        ".Sent" },
		{ "A/B",         ".A.B" },
		{ "INBOX/child", ".INBOX.child" },
		{ "a.b/c",       ".a&AC4-b.c" },
		{ "보낸편지함",    ".&vPSwuNO4ycDVaA-" },
		{ "A & B",       ".A &- B" },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, NAME_LIMIT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		assert_true(name_to_dir(&out, slice_str(rows[i].name)));
		assert_string_equal(buf_cstr(&out), rows[i].dir);
		buf_reset(&out);
		assert_true(name_from_dir(&out, slice_str(rows[i].dir)));
		assert_string_equal(buf_cstr(&out), rows[i].name);
	}
	buf_fini(&out);
}

static void
test_normal(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		const char *out; /* NULL: refused */
	} rows[] = {
		{ "inbox",      "INBOX" },
		{ "InBox/a",    "INBOX/a" },
		{ "Inboxes",    "Inboxes" },
		{ "a/inbox",    "a/inbox" },
		{ "",           NULL },
		{ "/a",         NULL },
		{ "a/",         NULL },
		{ "a//b",       NULL },
		{ "a/../b",     NULL },
		{ ".",          NULL },
		{ "a\tb",       NULL },
		{ "a\x7f",      NULL },
		{ "\xff",       NULL },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, NAME_LIMIT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		assert_int_equal(name_normal(&out, slice_str(rows[i].in)),
		    rows[i].out != NULL);
		if (rows[i].out != NULL)
			assert_string_equal(buf_cstr(&out), rows[i].out);
	}
	assert_false(name_normal(&out, slice_of("a\0b", 3)));
	buf_fini(&out);
}

static void
test_foreign_dirs(void **state)
{
	/* clang-format off */
	static const struct {
		const char *dir;
		const char *name; /* NULL: no mailbox */
	} rows[] = {
		{ ".caf\xC3\xA9", "caf\xC3\xA9" },
		{ ".a&b",         "a&b" },
		{ ".INBOX",       NULL },
		{ ".inbox",       NULL },
		{ ".",            NULL },
		{ "..",           NULL },
		{ ".a.",          NULL },
		{ ".a..b",        NULL },
		{ "a",            NULL },
		{ ".\xff",        NULL },
		{ ".a\nb",        NULL },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, NAME_LIMIT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		assert_int_equal(name_from_dir(&out, slice_str(rows[i].dir)),
		    rows[i].name != NULL);
		if (rows[i].name != NULL)
			assert_string_equal(buf_cstr(&out), rows[i].name);
	}
	buf_fini(&out);
}

static void
test_length(void **state)
{
	char level[300];
	struct buf out;

	(void)state;
	memset(level, 'a', sizeof level);
	buf_init(&out, NAME_LIMIT);
	assert_true(name_to_dir(&out, slice_of(level, 254)));
	buf_reset(&out);
	assert_false(name_to_dir(&out, slice_of(level, 255)));
	buf_fini(&out);
}

static void
test_order(void **state)
{
	static const char *const sorted[] = { "INBOX", "INBOX/x", "A", "A/B",
		"A/B/C", "A!B", "B" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
		for (size_t k = 0; k < ARRAY_LEN(sorted); k++) {
			const int c = name_cmp(
			    slice_str(sorted[i]), slice_str(sorted[k]));

			assert_int_equal(c < 0, i < k);
			assert_int_equal(c > 0, i > k);
		}
	assert_true(name_below(SLICE("A/B"), SLICE("A")));
	assert_false(name_below(SLICE("AB"), SLICE("A")));
	assert_false(name_below(SLICE("A"), SLICE("A")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_dirs),
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_foreign_dirs),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
