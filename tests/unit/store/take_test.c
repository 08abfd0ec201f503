/* SPDX-License-Identifier: ISC */
/* Mailboxes and messages that bring their numbers along. */
#include "tests/unit/store/fixture.h"

#include "base/mem.h"
#include "maildir/filename.h"
#include "store/mailbox_take.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

static uint32_t
append_as(struct mailbox *m, uint32_t uid, const char *base)
{
	const struct append_info info = {
		.uid = uid, .base = slice_str(base), .has_date = true
	};

	return fx_try_append(m, MAIL, &info, NULL);
}

static void
test_numbers(void **state)
{
	struct mailbox *m = fx_box("INBOX"), *sent = fx_box("Sent");
	struct mailbox_status st;
	struct err err;

	(void)state;
	assert_int_equal(mailbox_take_uids(m, 7, 1, &err), FOUND);
	assert_int_equal(fx_status(m).uidvalidity, 7);
	assert_int_equal(append_as(m, 5, "a"), 5);
	assert_int_equal(append_as(m, 9, "b"), 9);
	/* One that is behind gets a new one. */
	assert_int_equal(append_as(m, 6, "c"), 10);
	assert_int_equal(append_as(m, APPEND_UID_LIMIT, "d"), 11);
	assert_int_equal(append_as(m, UINT32_MAX, "e"), 12);
	assert_true(fx_info(m, 9).email_id == filename_email_id(SLICE("b")));
	assert_non_null(fx_file("cur", "b,"));
	/* Those up to a UIDNEXT are not given to others. */
	assert_int_equal(mailbox_take_uids(m, 7, 5000, &err), FOUND);
	assert_int_equal(mailbox_take_uids(m, 7, 20, &err), FOUND);
	assert_int_equal(fx_append(m, MAIL, 0), 5000);
	/* No other UIDVALIDITY once it has been used, and none that is none. */
	assert_int_equal(mailbox_take_uids(m, 8, 1, &err), ABSENT);
	assert_int_equal(mailbox_take_uids(m, 0, 1, &err), ABSENT);
	assert_int_equal(
	    mailbox_take_uids(m, 7, APPEND_UID_LIMIT, &err), ABSENT);
	/* All that outlives the index. */
	mailbox_close(&m);
	assert_int_equal(account_rebuild(fx_account, &err), 0);
	m = fx_box("INBOX");
	st = fx_status(m);
	assert_int_equal(st.uidvalidity, 7);
	assert_true(st.uidnext > 5000 && st.messages == 6);
	assert_true(fx_info(m, 9).email_id == filename_email_id(SLICE("b")));
	/* Later mailboxes have later ones. */
	assert_int_equal(mailbox_take_uids(sent, 4000000000U, 1, &err), FOUND);
	assert_int_equal(mailbox_create(fx_account, SLICE("new"), 0, &err), 0);
	mailbox_close(&sent);
	sent = fx_box("new");
	assert_true(fx_status(sent).uidvalidity > 4000000000U);
	mailbox_close(&sent);
	mailbox_close(&m);
}

static void
on_event(void *arg, const struct view_event *e)
{
	if (e->kind == VIEW_GONE)
		*(bool *)arg = true;
}

/* Who has it open hears that it is another one. */
static void
test_open_views(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct err err;
	struct view *v = view_open(m, 0, &err);
	struct mailbox_status st = fx_status(m);
	bool gone = false;

	(void)state;
	assert_non_null(v);
	assert_int_equal(
	    mailbox_take_uids(m, st.uidvalidity - 1, 1, &err), FOUND);
	assert_int_equal(
	    mailbox_take_uids(m, st.uidvalidity - 2, 3, &err), FOUND);
	/* UIDs below 3 count as given. */
	assert_int_equal(mailbox_take_uids(m, st.uidvalidity, 1, &err), ABSENT);
	assert_int_equal(view_sync(v, true, on_event, &gone, NULL, &err), 0);
	assert_true(gone);
	view_close(&v);
	mailbox_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX(test_numbers),
		FX(test_open_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
