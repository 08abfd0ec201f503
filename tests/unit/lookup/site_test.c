/* SPDX-License-Identifier: ISC */
#include "lookup/site.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "dns/mxlist.h"

static void
test_text(void **state)
{
	/* clang-format off */
	static const struct {
		const char *names[4];
		uint16_t port;
		const char *site;
	} rows[] = {
		{ { "mx.a.test" },                       0,   "mx.a.test" },
		/* whatever the order of preference and the letters */
		{ { "mx2.a.test", "MX1.a.test" },        0,
		    "mx1.a.test,mx2.a.test" },
		{ { "Mx1.a.test", "mx2.A.test" },        0,
		    "mx1.a.test,mx2.a.test" },
		{ { "mx.a.test" },                       587, "mx.a.test:587" },
		{ { NULL },                              0,   "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct mx_list list = { .kind = MX_HOSTS };
		struct buf out = { .max = 8192 };

		while (rows[i].names[list.n] != NULL) {
			snprintf(list.hosts[list.n].name,
			    sizeof list.hosts[0].name, "%s",
			    rows[i].names[list.n]);
			list.n++;
		}
		lookup_site_add(&list, rows[i].port, &out);
		assert_true(slice_is(buf_slice(&out), rows[i].site));
		buf_fini(&out);
	}
}

/* Many long names: short enough, and another list is another site. */
static void
test_long(void **state)
{
	struct mx_list list = { .kind = MX_HOSTS, .n = MX_HOSTS_MAX };
	struct buf one = { .max = 8192 }, two = { .max = 8192 };

	(void)state;
	for (size_t i = 0; i < list.n; i++) {
		memset(list.hosts[i].name, 'a', 200);
		list.hosts[i].name[0] = (char)('a' + i);
	}
	lookup_site_add(&list, 0, &one);
	list.hosts[MX_HOSTS_MAX - 1].name[199] = 'b';
	lookup_site_add(&list, 0, &two);
	assert_int_equal(one.n, LOOKUP_SITE_MAX);
	assert_int_equal(two.n, LOOKUP_SITE_MAX);
	assert_false(slice_eq(buf_slice(&one), buf_slice(&two)));
	buf_fini(&one);
	buf_fini(&two);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
