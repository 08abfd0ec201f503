/* SPDX-License-Identifier: ISC */
#include "proto/ulabel.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "proto/address.h"

static void
test_put(void **state)
{
	static const struct {
		const char *domain, *unicode;
	} wide[] = {
		{ "", "" },
		{ "example.org", "example.org" },
		{ "xn--grn-ioa.example", "grün.example" },
		{ "XN--GRN-IOA.example", "grün.example" },
		{ "grün.example", "grün.example" },
		{ "xn--80ak6aa92e.com", "аррӏе.com" },
		{ "xn--.example", "xn--.example" },
		{ "XN--a.b\xFF", "xn--a.b\xFF" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		struct buf out = { .max = ADDRESS_MAX };

		ulabel_put(slice_str(wide[i].domain), &out);
		assert_string_equal(buf_cstr(&out), wide[i].unicode);
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
