/* SPDX-License-Identifier: ISC */
#include "pop3d/wire.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

enum { ALL = -1 };

/* clang-format off */
static const struct {
	const char *in;
	int lines; /* of TOP; ALL: RETR */
	const char *out;
} rows[] = {
	{ "", ALL, ".\r\n" },
	{ "a", ALL, "a\r\n.\r\n" },
	{ "a\n", ALL, "a\r\n.\r\n" },
	{ "a\r\n", ALL, "a\r\n.\r\n" },
	{ "a\nb\r\nc\n", ALL, "a\r\nb\r\nc\r\n.\r\n" },
	{ "\n", ALL, "\r\n.\r\n" },
	{ "\n\r\n\n", ALL, "\r\n\r\n\r\n.\r\n" },
	/* dots at the start of a line, and only there */
	{ ".", ALL, "..\r\n.\r\n" },
	{ ".\n", ALL, "..\r\n.\r\n" },
	{ ".\r\n", ALL, "..\r\n.\r\n" },
	{ "..\n.a\nb.\n .\n", ALL, "...\r\n..a\r\nb.\r\n .\r\n.\r\n" },
	{ "a\n.", ALL, "a\r\n..\r\n.\r\n" },
	/* a CR alone ends no line */
	{ "a\rb\n", ALL, "a\rb\r\n.\r\n" },
	{ "a\r.\n", ALL, "a\r.\r\n.\r\n" },
	{ "a\r\r\n", ALL, "a\r\r\n.\r\n" },
	{ "a\r", ALL, "a\r\r\n.\r\n" },
	{ "\r", ALL, "\r\r\n.\r\n" },
	/* TOP */
	{ "H: 1\r\n\r\nb1\r\nb2\r\n", 0, "H: 1\r\n\r\n.\r\n" },
	{ "H: 1\r\n\r\nb1\r\nb2\r\n", 1, "H: 1\r\n\r\nb1\r\n.\r\n" },
	{ "H: 1\r\n\r\nb1\r\nb2\r\n", 2, "H: 1\r\n\r\nb1\r\nb2\r\n.\r\n" },
	{ "H: 1\r\n\r\nb1\r\nb2\r\n", 9, "H: 1\r\n\r\nb1\r\nb2\r\n.\r\n" },
	{ "H: 1\n\nb1\nb2\n", 1, "H: 1\r\n\r\nb1\r\n.\r\n" },
	{ "H: 1\n\n\n\nb\n", 2, "H: 1\r\n\r\n\r\n\r\n.\r\n" },
	{ "H: 1\n\n.b\nc", 1, "H: 1\r\n\r\n..b\r\n.\r\n" },
	{ "H: 1\n\nlast", 1, "H: 1\r\n\r\nlast\r\n.\r\n" },
	{ "H: 1\n fold\nI: 2\n", 0, "H: 1\r\n fold\r\nI: 2\r\n.\r\n" },
	{ "H: 1", 3, "H: 1\r\n.\r\n" },
	{ "\nbody\n", 0, "\r\n.\r\n" },
	{ "H:\n\r\r\nno\n\nb\n", 0, "H:\r\n\r\r\nno\r\n\r\n.\r\n" },
};
/* clang-format on */

static void
begin(struct pop3d_wire *w, size_t row)
{
	if (rows[row].lines == ALL)
		pop3d_wire_all(w);
	else
		pop3d_wire_top(w, (uint64_t)rows[row].lines);
}

/* In two pieces, cut at every place. */
static void
test_two_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);

		for (size_t cut = 0; cut <= in.n; cut++) {
			struct buf out = { .max = 1000 };
			struct pop3d_wire w;

			begin(&w, i);
			pop3d_wire_put(&w, slice_sub(in, 0, cut), &out);
			pop3d_wire_put(&w, slice_from(in, cut), &out);
			pop3d_wire_end(&w, &out);
			assert_string_equal(buf_cstr(&out), rows[i].out);
			buf_fini(&out);
		}
	}
}

static void
test_single_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);
		struct buf out = { .max = 1000 };
		struct pop3d_wire w;

		begin(&w, i);
		for (size_t at = 0; at < in.n; at++)
			pop3d_wire_put(&w, slice_sub(in, at, 1), &out);
		pop3d_wire_end(&w, &out);
		assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
	}
}

/* No piece grows to more than the promise. */
static void
test_growth(void **state)
{
	static const char *const worst[] = { "\n\n\n\n", ".\n.\n.\n", "....",
		"\r\n\r\n", ".\r\n.\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(worst); i++) {
		const struct slice in = slice_str(worst[i]);
		struct buf out = { .max = 1000 };
		struct pop3d_wire w;

		pop3d_wire_all(&w);
		pop3d_wire_put(&w, in, &out);
		assert_true(out.n <= in.n * POP3D_WIRE_GROWTH);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_pieces),
		cmocka_unit_test(test_single_bytes),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
