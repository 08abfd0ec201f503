/* SPDX-License-Identifier: ISC */
#include "auth/ticket.h"

#include "tests/unit.h"

#include <string.h>

static const struct ticket_facts alice = {
	.service = { "imap", 4 },
	.account = { "alice@a.test", 12 },
	.home = { "a.test/alice", 12 },
	.uid = 1000,
	.quota = 5,
};

static struct slice
number(const uint8_t *p)
{
	return slice_of(p, AUTH_TICKET_SIZE);
}

static void
test_counts_once(void **state)
{
	struct tickets *t = tickets_new(10);
	uint8_t a[AUTH_TICKET_SIZE], b[AUTH_TICKET_SIZE];
	struct ticket_facts f;

	(void)state;
	tickets_issue(t, &alice, 0, a);
	tickets_issue(t, &alice, 0, b);
	assert_memory_not_equal(a, b, sizeof a);
	assert_true(tickets_redeem(t, number(a), SLICE("imap"), 1000, 1, &f));
	assert_true(slice_is(f.account, "alice@a.test"));
	assert_true(slice_is(f.home, "a.test/alice"));
	assert_int_equal(f.uid, 1000);
	assert_int_equal(f.quota, 5);
	assert_false(tickets_redeem(t, number(a), SLICE("imap"), 1000, 1, &f));
	assert_true(tickets_redeem(t, number(b), SLICE("imap"), 1000, 1, &f));
	assert_int_equal(tickets_count(t), 0);
	tickets_free(&t);
}

static void
test_refusals(void **state)
{
	struct tickets *t = tickets_new(10);
	uint8_t a[AUTH_TICKET_SIZE];
	struct ticket_facts f;

	(void)state;
	memset(a, 0, sizeof a);
	assert_false(tickets_redeem(t, number(a), SLICE("imap"), 1000, 0, &f));
	assert_false(
	    tickets_redeem(t, slice_of(NULL, 0), SLICE("imap"), 0, 0, &f));
	/* a ticket that turns up in the wrong place is used up */
	tickets_issue(t, &alice, 0, a);
	assert_false(tickets_redeem(t, number(a), SLICE("pop3"), 1000, 0, &f));
	assert_false(tickets_redeem(t, number(a), SLICE("imap"), 1000, 0, &f));
	tickets_issue(t, &alice, 0, a);
	assert_false(tickets_redeem(t, number(a), SLICE("imap"), 1001, 0, &f));
	/* too late */
	tickets_issue(t, &alice, 0, a);
	assert_false(tickets_redeem(
	    t, number(a), SLICE("imap"), 1000, AUTH_TICKET_MS, &f));
	tickets_issue(t, &alice, 0, a);
	assert_true(tickets_redeem(
	    t, number(a), SLICE("imap"), 1000, AUTH_TICKET_MS - 1, &f));
	tickets_free(&t);
	assert_null(t);
}

static void
test_bounded(void **state)
{
	struct tickets *t = tickets_new(3);
	uint8_t first[AUTH_TICKET_SIZE], more[AUTH_TICKET_SIZE];
	struct ticket_facts f;

	(void)state;
	tickets_issue(t, &alice, 0, first);
	for (int i = 0; i < 3; i++)
		tickets_issue(t, &alice, 0, more);
	assert_int_equal(tickets_count(t), 3);
	assert_false(
	    tickets_redeem(t, number(first), SLICE("imap"), 1000, 0, &f));
	assert_true(
	    tickets_redeem(t, number(more), SLICE("imap"), 1000, 0, &f));
	/* those too old are gone when the next is made */
	tickets_issue(t, &alice, AUTH_TICKET_MS, more);
	assert_int_equal(tickets_count(t), 1);
	tickets_free(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_once),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
