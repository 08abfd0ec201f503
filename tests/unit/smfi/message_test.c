/* SPDX-License-Identifier: ISC */
#include "smfi/message.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "smfi/protocol.h"

#define HEADER "A: 1\r\nB: 1\r\n\tfolded\r\nno field\r\nA: 2\r\nC:3\r\n\r\n"

/* Changes as "h Name value", "i2 Name value", "m1 Name value", or "|": the next
 * filter's turn. */
static void
change(struct smfi_message *m, const char *what)
{
	struct smfi_change c = { .code = what[0] };
	struct slice rest = slice_from(slice_str(what), 1);
	const struct slice n = slice_cut(rest, ' ', &rest);

	if (what[0] == '|') {
		smfi_message_settle(m);
		return;
	}
	for (size_t i = 0; i < n.n; i++)
		c.index = c.index * 10 + (uint32_t)(n.p[i] - '0');
	c.name = slice_cut(rest, ' ', &rest);
	c.value = smfi_field_value(&m->arena, rest, false);
	smfi_message_change(m, &c);
}

/* clang-format off */
static const struct {
	const char *changes[6];
	const char *front, *header; /* header NULL: as it was */
} rows[] = {
	{ { NULL }, "", NULL },
	{ { "h X new" }, "X: new\r\n", NULL },
	{ { "h X a", "h X b" }, "X: a\r\nX: b\r\n", NULL },
	{ { "i0 X a", "i0 X b" }, "X: b\r\nX: a\r\n", NULL },
	{ { "i1 X a" }, "X: a\r\n", NULL },
	{ { "i0 X a", "i1 Y b", "i2 Z c" }, "X: a\r\nY: b\r\nZ: c\r\n", NULL },
	{ { "i0 X a", "|", "h Y b" }, "X: a\r\nY: b\r\n", NULL },
	{ { "i99 X a" }, "X: a\r\n", NULL },
	{ { "i2 X a" }, "", "A: 1\r\nX: a\r\nB: 1\r\n\tfolded\r\nno field\r\nA: 2\r\nC:3\r\n" },
	{ { "i3 X a" }, "", "A: 1\r\nB: 1\r\n\tfolded\r\nX: a\r\nno field\r\nA: 2\r\nC:3\r\n" },
	{ { "i4 X a" }, "", "A: 1\r\nB: 1\r\n\tfolded\r\nno field\r\nA: 2\r\nX: a\r\nC:3\r\n" },
	{ { "m1 B new" }, "", "A: 1\r\nB: new\r\nno field\r\nA: 2\r\nC:3\r\n" },
	{ { "m0 b new" }, "", "A: 1\r\nb: new\r\nno field\r\nA: 2\r\nC:3\r\n" },
	{ { "m2 A " }, "", "A: 1\r\nB: 1\r\n\tfolded\r\nno field\r\nC:3\r\n" },
	/* counts shift after a delete */
	{ { "m1 A ", "m1 A " }, "", "B: 1\r\n\tfolded\r\nno field\r\nC:3\r\n" },
	{ { "m3 A " }, "", NULL },
	{ { "m3 A 3" }, "A: 3\r\n", NULL },
	/* an added one stands behind the others until the filter is done */
	{ { "h A 3", "m1 A x" }, "A: 3\r\n", "A: x\r\nB: 1\r\n\tfolded\r\nno field\r\nA: 2\r\nC:3\r\n" },
	{ { "h A 3", "m3 A x" }, "A: x\r\n", NULL },
	{ { "h A 3", "|", "m1 A x" }, "A: x\r\n", NULL },
	{ { "h A 3", "|", "m1 A " }, "", NULL },
	{ { "h A 3", "|", "i2 X a" }, "A: 3\r\nX: a\r\n", NULL },
};
/* clang-format on */

static void
test_changes(void **state)
{
	struct buf out = { .max = 9999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smfi_message m;

		smfi_message_init(&m, 99);
		smfi_message_read(&m, SLICE(HEADER));
		for (size_t k = 0; k < 6 && rows[i].changes[k] != NULL; k++)
			change(&m, rows[i].changes[k]);
		smfi_message_settle(&m);
		buf_reset(&out);
		smfi_message_front(&m, &out);
		assert_string_equal(buf_cstr(&out), rows[i].front);
		buf_reset(&out);
		smfi_message_header(&m, &out);
		buf_adds(&out, "\r\n");
		assert_int_equal(m.header_changed, rows[i].header != NULL);
		if (rows[i].header == NULL)
			assert_string_equal(buf_cstr(&out), HEADER);
		else {
			buf_truncate(&out, out.n - 2);
			assert_string_equal(buf_cstr(&out), rows[i].header);
		}
		smfi_message_fini(&m);
	}
	buf_fini(&out);
}

static void
test_values(void **state)
{
	static const struct {
		const char *said;
		bool leading;
		const char *want;
	} values[] = {
		{ "x", false, " x" },
		{ "x", true, "x" },
		{ " x", true, " x" },
		{ "", false, " " },
		{ "a\n\tb", false, " a\r\n\tb" },
		{ "a\r\n b", false, " a\r\n b" },
		{ "a\nb", false, " a\r\n\tb" },
		{ "a\n\nb", false, " a\r\n\tb" },
		{ "a\n\n", false, " a" },
		{ "a\r\n\r\nBcc: x", false, " a\r\n\tBcc: x" },
		{ "a\rb", false, " a b" },
		{ "\n b", false, " \r\n b" },
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		assert_true(
		    slice_is(smfi_field_value(&a, slice_str(values[i].said),
				 values[i].leading),
			values[i].want));
	arena_fini(&a);
}

static void
test_shown(void **state)
{
	static const struct {
		const char *field;
		bool leading;
		const char *want;
	} shown[] = {
		{ "A: b\r\n", false, "b" },
		{ "A: b\r\n", true, " b" },
		{ "A:b\r\n", false, "b" },
		{ "A:  b\r\n", false, " b" },
		{ "A:\tb\r\n", false, "\tb" },
		{ "A: b\r\n c\r\n", false, "b\n c" },
		{ "A:\r\n c\r\n", true, "\n c" },
		{ "A:\r\n", false, "" },
	};
	struct buf out = { .max = 99 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		struct smfi_message m;

		smfi_message_init(&m, 99);
		smfi_message_read(&m, slice_str(shown[i].field));
		assert_int_equal(m.n, 1);
		buf_reset(&out);
		smfi_field_shown(&m.fields[0], shown[i].leading, &out);
		assert_string_equal(buf_cstr(&out), shown[i].want);
		smfi_message_fini(&m);
	}
	buf_fini(&out);
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(smfi_field_is_name(SLICE("X-Spam")));
	assert_false(smfi_field_is_name(SLICE("")));
	assert_false(smfi_field_is_name(SLICE("X Spam")));
	assert_false(smfi_field_is_name(SLICE("X:")));
	assert_false(smfi_field_is_name(SLICE("X\r\nY")));
	assert_false(smfi_field_is_name(SLICE("X\xc3\xa9")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
