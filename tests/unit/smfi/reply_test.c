/* SPDX-License-Identifier: ISC */
#include "smfi/reply.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"
#include "smfi/protocol.h"

#define BYTES(lit)                                                             \
	{                                                                      \
		"" lit, sizeof(lit) - 1                                        \
	}

static void
test_frames(void **state)
{
	static const struct {
		struct slice in;
		enum smfi_end end;
		size_t left;
	} rows[] = {
		{ BYTES(""), SMFI_MORE, 0 },
		{ BYTES("\0\0\0"), SMFI_MORE, 3 },
		{ BYTES("\0\0\0\1"), SMFI_MORE, 4 },
		{ BYTES("\0\0\0\1c"), SMFI_WHOLE, 0 },
		{ BYTES("\0\0\0\1cx"), SMFI_WHOLE, 1 },
		{ BYTES("\0\0\0\0c"), SMFI_BAD, 5 },
		{ BYTES("\0\2\0\0b"), SMFI_MORE, 5 },
		{ BYTES("\0\2\0\1b"), SMFI_BAD, 5 },
		{ BYTES("\377\377\377\377b"), SMFI_BAD, 5 },
		{ BYTES("HTTP/1.1 400"), SMFI_BAD, 12 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice in = rows[i].in, frame;

		assert_int_equal(smfi_frame_next(&in, &frame), rows[i].end);
		assert_int_equal(in.n, rows[i].left);
	}
}

static void
test_replies(void **state)
{
	static const struct {
		struct slice frame;
		bool ok;
		uint32_t index;
		const char *name, *value;
	} rows[] = {
		{ BYTES("c"), true, 0, "", "" },
		{ BYTES("cx"), false, 0, NULL, NULL },
		{ BYTES("c\0"), false, 0, NULL, NULL },
		{ BYTES("?"), false, 0, NULL, NULL },
		{ BYTES("A"), false, 0, NULL, NULL },
		{ BYTES("hX\0y\0"), true, 0, "X", "y" },
		{ BYTES("hX\0y"), false, 0, NULL, NULL },
		{ BYTES("hX\0"), false, 0, NULL, NULL },
		{ BYTES("hX\0y\0z"), false, 0, NULL, NULL },
		{ BYTES("i\0\0\1\2X\0\0"), true, 258, "X", "" },
		{ BYTES("i\0\0\1"), false, 0, NULL, NULL },
		{ BYTES("m\377\377\377\377X\0y\0"), true, UINT32_MAX, "X",
		    "y" },
		{ BYTES("+<a@b>\0"), true, 0, "<a@b>", "" },
		{ BYTES("+<a@b>"), false, 0, NULL, NULL },
		{ BYTES("2<a@b>\0NOTIFY=NEVER\0"), true, 0, "<a@b>",
		    "NOTIFY=NEVER" },
		{ BYTES("2<a@b>\0"), true, 0, "<a@b>", "" },
		{ BYTES("e<>\0"), true, 0, "<>", "" },
		{ BYTES("qbad\0"), true, 0, "", "bad" },
		{ BYTES("qbad"), true, 0, "", "bad" },
		{ BYTES("qb\0ad\0"), false, 0, NULL, NULL },
		{ BYTES("bx"), true, 0, "", "x" },
		{ BYTES("b"), true, 0, "", "" },
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smfi_reply r;

		assert_int_equal(
		    smfi_reply_parse(rows[i].frame, &r, &why), rows[i].ok);
		if (!rows[i].ok)
			continue;
		assert_int_equal(r.index, rows[i].index);
		assert_true(slice_is(r.name, rows[i].name));
		assert_true(slice_is(r.value, rows[i].value));
	}
}

static void
test_texts(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "550 5.7.1 no", "550 5.7.1 no" },
		{ "550 no", "550 5.7.1 no" },
		{ "451 no", "451 4.7.1 no" },
		{ "550", "550 5.7.1 " },
		{ "550 5.7.1", "550 5.7.1 " },
		{ "550 4.7.1 no", "550 5.7.1 4.7.1 no" },
		{ "550 5.7.1234 no", "550 5.7.1 5.7.1234 no" },
		{ "550-5.7.0 a\r\n550 5.7.0 b", "550 5.7.0 a\nb" },
		{ "550-a\n550-b\n550 c\n", "550 5.7.1 a\nb\nc" },
		{ "421 4.3.2 bye", "421 4.3.2 bye" },
		{ "550 5.7.1 100%% 5%", "550 5.7.1 100% 5%" },
		{ "550 5.7.1 a\tb\xc3\xa9\x1b", "550 5.7.1 a?b???" },
		{ "250 2.0.0 ok", NULL },
		{ "350 x", NULL },
		{ "5x0 x", NULL },
		{ "5500 x", NULL },
		{ "550x", NULL },
		{ "550-a\r\n451 b", NULL },
		{ "550-a\r\nb", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = SMFI_TEXT_MAX };

		assert_int_equal(smfi_reply_text(slice_str(rows[i].text), &out),
		    rows[i].want != NULL);
		if (rows[i].want != NULL)
			assert_string_equal(buf_cstr(&out), rows[i].want);
		buf_fini(&out);
	}
}

/* Whatever its length, a reply fits. */
static void
test_long_text(void **state)
{
	struct buf in = { .max = 1 << 20 }, out = { .max = SMFI_TEXT_MAX };

	(void)state;
	for (int i = 0; i < 100; i++) {
		buf_adds(&in, "550-5.7.1 ");
		for (int k = 0; k < 2000; k++)
			buf_addc(&in, 'x');
		buf_adds(&in, "\r\n");
	}
	assert_true(smfi_reply_text(buf_slice(&in), &out));
	assert_false(out.failed);
	assert_true(out.n > 3000);
	buf_fini(&in);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
