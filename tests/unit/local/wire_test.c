/* SPDX-License-Identifier: ISC */
#include "local/wire.h"

#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "local/trace.h"

/* Cut in two at every place, the result is the same. */
static void
test_wire(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} rows[] = {
		{ "", "" },
		{ "a\r\nb\r\n", "a\nb\n" },
		{ "\r\n\r\n", "\n\n" },
		{ "a\rb\r\n", "a\rb\n" },
		{ "a\r\r\nb", "a\r\nb" },
		{ "a\nb\r", "a\nb\r" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);

		for (size_t cut = 0; cut <= in.n; cut++) {
			struct buf out = { .max = 100 };
			struct wire w = { 0 };
			char text[64];

			if (cut > 0)
				buf_add(
				    &out, wire_to_lf(&w, slice_sub(in, 0, cut),
					      text, sizeof text));
			if (cut < in.n)
				buf_add(
				    &out, wire_to_lf(&w, slice_from(in, cut),
					      text, sizeof text));
			buf_add(
			    &out, wire_to_lf(&w, SLICE(""), text, sizeof text));
			assert_string_equal(buf_cstr(&out), rows[i].out);
			buf_fini(&out);
		}
	}
}

static void
test_loop(void **state)
{
	/* clang-format off */
	static const struct { const char *header; bool loop; } rows[] = {
		{ "",                                                   false },
		{ "Delivered-To: bob@pabal.test\r\n\r\n",               true },
		{ "Subject: x\r\ndelivered-to:BOB@pabal.test \r\n\r\n", true },
		{ "Delivered-To: bob@pabal.test.example\r\n\r\n",       false },
		{ "Subject: x\r\n\r\nDelivered-To: bob@pabal.test\r\n", false },
		{ "X-Delivered-To: bob@pabal.test\r\n\r\n",             false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(trace_is_loop(slice_str(rows[i].header),
				     SLICE("bob@pabal.test")),
		    rows[i].loop);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
