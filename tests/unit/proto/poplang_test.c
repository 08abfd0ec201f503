/* SPDX-License-Identifier: ISC */
#include "proto/poplang.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
test_replies(void **state)
{
	static const struct {
		const char *arg;
		const char *begins;
	} rows[] = {
		{ "", "+OK Languages\r\ni-default " },
		{ "*", "+OK i-default " },
		{ "i-default", "+OK i-default " },
		{ "I-DEFAULT", "+OK i-default " },
		{ "en", "+OK en " },
		{ "EN", "+OK en " },
		{ "en-GB", "+OK en " },
		{ "en-", "+OK en " },
		{ "eng", "-ERR " },
		{ "ko", "-ERR " },
		{ "e", "-ERR " },
		{ "en GB", "-ERR " },
		{ "* x", "-ERR " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 500 };
		const bool ok = poplang_reply(slice_str(rows[i].arg), &out);

		assert_true(
		    slice_starts(buf_slice(&out), slice_str(rows[i].begins)));
		assert_true(slice_ends(buf_slice(&out), SLICE("\r\n")));
		assert_int_equal(ok, rows[i].begins[0] == '+');
		assert_false(out.failed);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
