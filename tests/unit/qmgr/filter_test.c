/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/filter.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "qmgr/queue/entry.h"
#include "sys/clock.h"

static void
test_parse(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int rc;
		size_t n;
		bool needs_known, needs_whole;
	} rows[] = {
		{ "",                          0,  0, false, false },
		{ "  ",                        0,  0, false, false },
		{ "id=*",                      0,  1, false, false },
		{ "state=held age>3600",       0,  2, false, false },
		{ "sender=a@* recipient=*@b",  0,  2, true,  true },
		{ "size>1000",                 0,  1, true,  false },
		{ "login=*",                   0,  1, true,  false },
		{ "host=mx*",                  0,  1, true,  true },
		{ "site=mx*",                  0,  1, true,  true },
		{ "size=1000",                 -1, 0, false, false },
		{ "login>1",                   -1, 0, false, false },
		{ "age>soon",                  -1, 0, false, false },
		{ "age>",                      -1, 0, false, false },
		{ "sender",                    -1, 0, false, false },
		{ "color=red",                 -1, 0, false, false },
		{ "=x",                        -1, 0, false, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct filter f;
		struct err err = { 0 };

		assert_int_equal(
		    filter_parse(&f, slice_str(rows[i].text), &err),
		    rows[i].rc);
		if (rows[i].rc == -1)
			continue;
		assert_int_equal(f.n, rows[i].n);
		assert_int_equal(f.needs_known, rows[i].needs_known);
		assert_int_equal(f.needs_whole, rows[i].needs_whole);
	}
}

static void
test_match(void **state)
{
	/* clang-format off */
	static const struct { const char *text; bool hit; } rows[] = {
		{ "",                                true },
		{ "id=0AB*",                         true },
		{ "id=0AC*",                         false },
		{ "state=held",                      true },
		{ "state=waiting",                   false },
		{ "age>50",                          true },
		{ "age<50",                          false },
		{ "sender=ALICE@*",                  true },
		{ "sender=bob@*",                    false },
		{ "recipient=bob@example.org",       true },
		{ "login=Alice*",                    true },
		{ "login=bob*",                      false },
		{ "host=mx.*",                       true },
		{ "host=*.com",                      false },
		{ "site=smtp:mx.example.org,mx2.*",  true },
		{ "site=mx.example.org,*",           true },
		{ "site=mx.example.org",             false },
		{ "site=example.org",                false },
		{ "domain=example.org",              true },
		{ "domain=example.com",              false },
		{ "reason=*refused*",                true },
		{ "size>99 size<101",                true },
		{ "size>100",                        false },
		{ "sender=alice@* state=waiting",    false },
	};
	/* clang-format on */
	struct qrecord_rcpt rcpt = { .address = SLICE("bob@example.org"),
		.host = SLICE("mx.example.org"),
		.site = SLICE("smtp:mx.example.org,mx2.example.org"),
		.text = SLICE("connection refused by host") };
	const struct qrecord r = { .id = "0ABCDEF",
		.state = ENTRY_HELD,
		.arrived_us = clock_wall_us() - 100000000,
		.sender = SLICE("alice@pabal.test"),
		.login = SLICE("alice@pabal.test"),
		.size = 100,
		.rcpts = &rcpt,
		.nrcpts = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct filter f;
		struct err err;

		assert_int_equal(
		    filter_parse(&f, slice_str(rows[i].text), &err), 0);
		assert_int_equal(filter_match(&f, &r), rows[i].hit);
	}
}

static void
test_only(void **state)
{
	/* clang-format off */
	static const struct { const char *text, *only; } rows[] = {
		{ "",                         "" },
		{ "id=0ABC",                  "0ABC" },
		{ "state=held id=0ABC",       "0ABC" },
		{ "id=0AB*",                  "" },
		{ "id=0abc",                  "" }, /* case is ignored */
		{ "id=",                      "" },
		{ "sender=0ABC",              "" },
		{ "id=0ABCDEFGHIJKLMNOPQRSTUVWXYZ", "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct filter f;
		struct err err;

		assert_int_equal(
		    filter_parse(&f, slice_str(rows[i].text), &err), 0);
		assert_true(slice_is(filter_only(&f), rows[i].only));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
