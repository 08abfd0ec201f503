/* SPDX-License-Identifier: ISC */
#include "auth/name.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_name(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out; /* NULL: refused */
	} rows[] = {
		{ "alice@A.Test",  "alice@a.test" },
		{ "Alice@a.test",  "alice@a.test" },
		{ "alice",         "alice@d.test" },
		{ "a+b",           "a+b@d.test" },
		{ "\"a b\"@a.test", "\"a b\"@a.test" },
		{ "",              NULL },
		{ "@a.test",       NULL },
		{ "alice@",        NULL },
		{ "a b",           NULL },
		{ "alice\n",       NULL },
		{ "a@b@c",         NULL },
		{ "\xff",          NULL },
		{ "Al@B\xc3\xbc" "cher.test", "al@xn--bcher-kva.test" },
		{ "al@xn--bcher-kva.test",  "al@xn--bcher-kva.test" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(
		    auth_name(slice_str(rows[i].in), SLICE("d.test"), &out),
		    rows[i].out != NULL);
		assert_string_equal(
		    buf_cstr(&out), rows[i].out != NULL ? rows[i].out : "");
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
