/* SPDX-License-Identifier: ISC */
/* Names of files follow the flags by themselves, a second after a change; on a
 * disk that fails they are tried again as long as somebody has the account
 * open. */
#include "tests/unit/store/fixture.h"

#include "ev/loop.h"
#include "maildir/filename.h"
#include "store/whole.h"
#include "tests/clock.h"
#include "tests/fault.h"

static bool
is_flagged(void)
{
	return fx_file("cur", ":2,F") != NULL;
}

static void
begin(struct mailbox **m)
{
	ev_init();
	*m = fx_box("INBOX");
	fx_append(*m, "Subject: x\r\n\r\nx\r\n", 0);
	clock_run(5000);
	assert_false(store_is_behind(fx_store));
	assert_false(is_flagged());
}

static void
test_a_second_later(void **state)
{
	struct mailbox *m;

	(void)state;
	begin(&m);
	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, "");
	assert_true(store_is_behind(fx_store));
	clock_run(900);
	assert_false(is_flagged());
	clock_run(200);
	assert_true(is_flagged());
	assert_false(store_is_behind(fx_store));
	mailbox_close(&m);
}

/* Who expunges goes first, for a while. */
static void
test_behind_expunges(void **state)
{
	const uint32_t uid = 2;
	struct mailbox *m;

	(void)state;
	begin(&m);
	fx_append(m, "Subject: y\r\n\r\ny\r\n", 0);
	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, "");
	clock_run(900);
	assert_int_equal(message_expunge(m, &uid, 1, true, NULL), 0);
	clock_run(900);
	assert_false(is_flagged());
	assert_true(store_is_behind(fx_store));
	clock_run(200);
	assert_true(is_flagged());
	fx_flags(m, 1, FLAGS_DEL, MSG_FLAGGED, "");
	for (int i = 0; i < 5; i++) {
		clock_run(900);
		assert_true(is_flagged());
		assert_int_equal(message_expunge(m, &uid, 1, true, NULL), 0);
	}
	for (int i = 0; i < 5; i++) {
		clock_run(500);
		assert_int_equal(message_expunge(m, &uid, 1, true, NULL), 0);
	}
	assert_false(is_flagged());
	mailbox_close(&m);
}

static void
again_after_a_failure(bool for_ever)
{
	struct mailbox *m;

	begin(&m);
	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, "");
	fault_arm(FAULT_IO, 1, for_ever);
	clock_run(20000);
	assert_true(fault_struck());
	fault_off();
	assert_false(is_flagged());
	/* It is not what a process has to wait for. */
	assert_true(fx_account->behind);
	assert_false(store_is_behind(fx_store));
	clock_run(10000);
	assert_false(is_flagged());
	clock_run(5000);
	assert_true(is_flagged());
	assert_false(fx_account->behind);
	mailbox_close(&m);
}

static void
test_again_after_a_failure(void **state)
{
	(void)state;
	again_after_a_failure(true);
}

/* The index can be written to, and says what is left. */
static void
test_again_after_one_failure(void **state)
{
	(void)state;
	again_after_a_failure(false);
}

/* What is left of an account that nobody has open waits for the next. */
static void
given_up(bool for_ever)
{
	struct mailbox *m;

	begin(&m);
	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, "");
	mailbox_close(&m);
	account_close(&fx_account);
	fault_arm(FAULT_IO, 1, for_ever);
	clock_run(20000);
	assert_true(fault_struck());
	fault_off();
	assert_true(TAILQ_EMPTY(&fx_store->behind));
	assert_int_equal(
	    store_account_open(fx_store, "d/u", &fx_account, NULL), FOUND);
	clock_run(2000);
	assert_true(is_flagged());
}

static void
test_given_up(void **state)
{
	(void)state;
	given_up(true);
}

static void
test_given_up_after_one_failure(void **state)
{
	(void)state;
	given_up(false);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_a_second_later),
		FX(test_behind_expunges),
		FX(test_again_after_a_failure),
		FX(test_again_after_one_failure),
		FX(test_given_up),
		FX(test_given_up_after_one_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
