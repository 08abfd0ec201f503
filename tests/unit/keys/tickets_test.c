/* SPDX-License-Identifier: ISC */
#include "keys/tickets.h"

#include "tests/unit.h"

#include <string.h>

static void
test_roll(void **state)
{
	unsigned char a[KEYS_TICKET_BYTES], b[KEYS_TICKET_BYTES];

	(void)state;
	assert_false(keys_tickets_for(ROLE_SMTPD, 0, a));
	keys_tickets_roll();
	assert_true(keys_tickets_for(ROLE_SMTPD, 0, a));
	assert_false(keys_tickets_for(ROLE_SMTPD, 1, b));
	assert_true(keys_tickets_for(ROLE_SMTPD, 0, b));
	assert_memory_equal(a, b, sizeof a);
	keys_tickets_roll();
	/* the current one became the previous */
	assert_true(keys_tickets_for(ROLE_SMTPD, 1, b));
	assert_memory_equal(a, b, sizeof a);
	assert_true(keys_tickets_for(ROLE_SMTPD, 0, b));
	assert_memory_not_equal(a, b, sizeof a);
	assert_false(keys_tickets_for(ROLE_SMTPD, 2, b));
	keys_tickets_forget();
	assert_false(keys_tickets_for(ROLE_SMTPD, 0, b));
}

static void
test_roles_differ(void **state)
{
	unsigned char a[KEYS_TICKET_BYTES], b[KEYS_TICKET_BYTES];

	(void)state;
	keys_tickets_roll();
	assert_true(keys_tickets_for(ROLE_SMTPD, 0, a));
	assert_true(keys_tickets_for(ROLE_LOGIN, 0, b));
	for (size_t i = 0; i < sizeof a; i += 16)
		assert_memory_not_equal(a + i, b + i, 16);
	keys_tickets_forget();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roll),
		cmocka_unit_test(test_roles_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
