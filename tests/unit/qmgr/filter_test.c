/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/filter.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"
#include "sys/clock.h"

static void
test_parse(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int rc;
		size_t n;
		bool needs_message;
	} rows[] = {
		{ "",                          0,  0, false },
		{ "  ",                        0,  0, false },
		{ "id=*",                      0,  1, false },
		{ "state=held age>3600",       0,  2, false },
		{ "sender=a@* recipient=*@b",  0,  2, true },
		{ "size>1000",                 0,  1, true },
		{ "size=1000",                 -1, 0, false },
		{ "age>soon",                  -1, 0, false },
		{ "age>",                      -1, 0, false },
		{ "sender",                    -1, 0, false },
		{ "color=red",                 -1, 0, false },
		{ "=x",                        -1, 0, false },
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
		assert_int_equal(f.needs_message, rows[i].needs_message);
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
		{ "recipient=done@example.org",      false },
		{ "domain=example.org",              true },
		{ "domain=example.com",              false },
		{ "reason=*refused*",                true },
		{ "size>99 size<101",                true },
		{ "size>100",                        false },
		{ "sender=alice@* state=waiting",    false },
	};
	/* clang-format on */
	struct entry e = { .state = ENTRY_HELD,
		.arrived_us = clock_wall_us() - 100000000 };
	struct rcpt open = { .state = RCPT_PENDING,
		.env.address = SLICE("bob@example.org"),
		.text = SLICE("connection refused by host") };
	struct rcpt done = { .state = RCPT_DELIVERED,
		.env.address = SLICE("done@example.org") };
	struct rcpt *rcpts[] = { &open, &done };
	struct message m = { .entry = &e,
		.rcpts = rcpts,
		.nrcpts = 2,
		.env = { .sender = SLICE("alice@pabal.test"), .size = 100 } };

	(void)state;
	memcpy(e.id, "0ABCDEF", 8);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct filter f;
		struct err err;

		assert_int_equal(
		    filter_parse(&f, slice_str(rows[i].text), &err), 0);
		assert_int_equal(filter_match(&f, &e, &m), rows[i].hit);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
