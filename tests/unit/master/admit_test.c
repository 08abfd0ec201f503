/* SPDX-License-Identifier: ISC */
#include "master/admit.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "master/master.h"

static char account[] = "alice@a.test", home[] = "a.test/alice";

/* Number N, for imapd, given to process 1 of login. */
static struct admission
admission(unsigned n)
{
	struct admission a = { .role = ROLE_IMAPD,
		.login = 1,
		.uid = 7,
		.account = account,
		.home = home,
		.place = home,
		.quota = { 5000, 30 } };

	memcpy(a.ticket, &n, sizeof n);
	return a;
}

static struct slice
ticket(const struct admission *a)
{
	return slice_of(a->ticket, sizeof a->ticket);
}

static void
put(unsigned n, int64_t now_ms)
{
	const struct admission a = admission(n);

	admit_put(&a, now_ms);
}

/* Does number N open anything for LOGIN and ROLE? */
static bool
take(unsigned n, unsigned login, enum role role, int64_t now_ms)
{
	const struct admission a = admission(n);
	struct admission *got = admit_take(ticket(&a), login, role, now_ms);
	const bool ok = got != NULL;

	admit_free(&got);
	return ok;
}

static void
test_once(void **state)
{
	const struct admission a = admission(1);
	struct admission *got;

	(void)state;
	put(1, 0);
	got = admit_take(ticket(&a), 1, ROLE_IMAPD, 1);
	assert_non_null(got);
	assert_string_equal(got->account, account);
	assert_string_equal(got->home, home);
	assert_int_equal(got->uid, 7);
	assert_int_equal(got->quota.bytes, 5000);
	assert_int_equal(got->quota.messages, 30);
	admit_free(&got);
	assert_false(take(1, 1, ROLE_IMAPD, 1));
}

/* Another process of login, another role, or no ticket at all; what turned up
 * in the wrong place is used up. */
static void
test_others(void **state)
{
	(void)state;
	assert_false(take(2, 1, ROLE_IMAPD, 0));
	put(2, 0);
	assert_false(take(2, 2, ROLE_IMAPD, 0));
	assert_false(take(2, 1, ROLE_IMAPD, 0));
	put(3, 0);
	assert_false(take(3, 1, ROLE_POP3D, 0));
	assert_false(take(3, 1, ROLE_IMAPD, 0));
	assert_null(admit_take(slice_of(NULL, 0), 1, ROLE_IMAPD, 0));
}

/* A number that is there already stays whose it is. */
static void
test_no_repeat(void **state)
{
	struct admission a = admission(4), *got;
	char mallory[] = "mallory@a.test";

	(void)state;
	put(4, 0);
	a.account = mallory;
	admit_put(&a, 0);
	got = admit_take(ticket(&a), 1, ROLE_IMAPD, 0);
	assert_non_null(got);
	assert_string_equal(got->account, account);
	admit_free(&got);
}

static void
test_age_and_number(void **state)
{
	enum { MANY = 10001 };

	(void)state;
	put(5, 0);
	assert_false(take(5, 1, ROLE_IMAPD, AUTH_TICKET_MS));
	for (unsigned n = 100; n < 100 + MANY; n++)
		put(n, AUTH_TICKET_MS);
	assert_false(take(100, 1, ROLE_IMAPD, AUTH_TICKET_MS));
	assert_true(take(101, 1, ROLE_IMAPD, AUTH_TICKET_MS));
	assert_true(take(100 + MANY - 1, 1, ROLE_IMAPD, AUTH_TICKET_MS));
	admit_clear();
	assert_false(take(102, 1, ROLE_IMAPD, AUTH_TICKET_MS));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_no_repeat),
		cmocka_unit_test(test_age_and_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
