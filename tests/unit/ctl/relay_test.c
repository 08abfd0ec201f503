/* SPDX-License-Identifier: ISC */
#include "ctl/check/relay.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "sys/addr.h"

static void
test_reach(void **state)
{
	/* clang-format off */
	static const struct {
		const char *net;
		enum relay_reach reach;
	} rows[] = {
		{ "127.0.0.0/8",       RELAY_OWN },
		{ "[::1]",             RELAY_OWN },
		{ "10.0.0.0/8",        RELAY_OWN },
		{ "172.16.0.0/12",     RELAY_OWN },
		{ "192.168.1.0/24",    RELAY_OWN },
		{ "100.64.0.0/10",     RELAY_OWN },
		{ "[fd00::]/8",        RELAY_OWN },
		{ "[fe80::]/10",       RELAY_OWN },
		{ "198.51.100.7",      RELAY_OWN },
		{ "198.51.100.0/24",   RELAY_OWN },
		{ "[2001:db8:1::]/48", RELAY_OWN },
		{ "198.51.0.0/16",     RELAY_WIDE },
		{ "172.0.0.0/8",       RELAY_WIDE },
		{ "[2001:db8::]/32",   RELAY_WIDE },
		{ "0.0.0.0/0",         RELAY_ANYONE },
		{ "0.0.0.0/1",         RELAY_ANYONE },
		{ "128.0.0.0/1",       RELAY_ANYONE },
		{ "8.0.0.0/6",         RELAY_ANYONE },
		{ "[::]/0",            RELAY_ANYONE },
		{ "[2000::]/3",        RELAY_ANYONE },
		{ "[::ffff:0:0]/96",   RELAY_ANYONE },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cidr net;

		assert_int_equal(
		    addr_cidr_parse(&net, slice_str(rows[i].net), NULL), 0);
		if (relay_reach(&net) != rows[i].reach)
			fail_msg("%s: %d", rows[i].net, relay_reach(&net));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
