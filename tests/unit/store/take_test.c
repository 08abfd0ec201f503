/* SPDX-License-Identifier: ISC */
/* Mailboxes and messages that bring their numbers along. */
#include "tests/unit/store/fixture.h"

#include <sys/wait.h>

#include "base/mem.h"
#include "maildir/filename.h"
#include "store/mailbox_take.h"
#include "tests/fault.h"

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
	assert_int_equal(mailbox_take_begin(m, 7, &err), FOUND);
	assert_int_equal(fx_status(m).uidvalidity, 7);
	assert_int_equal(append_as(m, 5, "a"), 5);
	assert_int_equal(append_as(m, 9, "b"), 9);
	assert_true(fx_info(m, 9).email_id == filename_email_id(SLICE("b")));
	assert_non_null(fx_file("cur", "b,"));
	/* Those up to a UIDNEXT are not given to others. */
	assert_int_equal(mailbox_take_end(m, 7, 5000, &err), FOUND);
	assert_int_equal(mailbox_take_end(m, 7, 20, &err), FOUND);
	assert_int_equal(fx_append(m, MAIL, 0), 5000);
	/* Behind the end, one that is spent is replaced. */
	assert_int_equal(append_as(m, 6, "c"), 5001);
	assert_int_equal(append_as(m, 6000, "d"), 6000);
	assert_int_equal(append_as(m, APPEND_UID_LIMIT, "e"), 6001);
	assert_int_equal(append_as(m, UINT32_MAX, "f"), 6002);
	assert_int_equal(fx_status(m).uidvalidity, 7);
	/* No other UIDVALIDITY once it has been used, and none that is none. */
	assert_int_equal(mailbox_take_begin(m, 8, &err), ABSENT);
	assert_int_equal(mailbox_take_begin(m, 0, &err), ABSENT);
	assert_int_equal(
	    mailbox_take_end(m, 7, APPEND_UID_LIMIT, &err), ABSENT);
	assert_int_equal(mailbox_take_end(m, 8, 1, &err), ABSENT);
	/* All that outlives the index. */
	mailbox_close(&m);
	assert_int_equal(account_rebuild(fx_account, &err), 0);
	m = fx_box("INBOX");
	st = fx_status(m);
	assert_int_equal(st.uidvalidity, 7);
	assert_true(st.uidnext > 6002 && st.messages == 7);
	assert_true(fx_info(m, 9).email_id == filename_email_id(SLICE("b")));
	/* Later mailboxes have later ones. */
	assert_int_equal(mailbox_take_begin(sent, 4000000000U, &err), FOUND);
	assert_int_equal(mailbox_create(fx_account, SLICE("new"), 0, &err), 0);
	mailbox_close(&sent);
	sent = fx_box("new");
	assert_true(fx_status(sent).uidvalidity > 4000000000U);
	mailbox_close(&sent);
	mailbox_close(&m);
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	assert_int_equal(r->rc, 0);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->uidvalidity, fx_status(arg).uidvalidity);
}

/* While UIDs are taken, whatever gets another makes it another mailbox. */
static void
test_others(void **state)
{
	struct mailbox *m = fx_box("INBOX"), *sent = fx_box("Sent");
	const uint32_t uid = 5;
	struct mailbox_status st;
	struct err err;

	(void)state;
	assert_int_equal(mailbox_take_begin(m, 7, &err), FOUND);
	assert_int_equal(append_as(m, 5, "a"), 5);
	assert_true(fx_append(m, MAIL, 0) > 5);
	st = fx_status(m);
	assert_int_not_equal(st.uidvalidity, 7);
	/* Once. */
	assert_true(append_as(m, 6, "b") > 6);
	fx_append(m, MAIL, 0);
	assert_int_equal(fx_status(m).uidvalidity, st.uidvalidity);
	assert_int_equal(mailbox_take_end(m, 7, 10, &err), ABSENT);
	assert_int_equal(mailbox_take_begin(m, 7, &err), ABSENT);
	assert_int_equal(account_rebuild(fx_account, &err), 0);
	assert_int_equal(fx_status(m).uidvalidity, st.uidvalidity);
	assert_int_equal(fx_status(m).messages, 4);
	/* One that is brought along and is spent. */
	assert_int_equal(mailbox_take_begin(sent, 7, &err), FOUND);
	assert_int_equal(append_as(sent, 9, "a"), 9);
	assert_true(append_as(sent, 6, "b") > 9);
	assert_int_not_equal(fx_status(sent).uidvalidity, 7);
	mailbox_close(&sent);
	/* A copy. */
	sent = fx_box("Junk");
	assert_int_equal(mailbox_take_begin(sent, 7, &err), FOUND);
	message_copy(m, &uid, 1, sent, false, on_copied, sent);
	assert_int_not_equal(fx_status(sent).uidvalidity, 7);
	mailbox_close(&sent);
	/* Another program's file, and one that is found by a rebuild. */
	for (int i = 0; i < 2; i++) {
		sent = fx_box(i == 0 ? "Trash" : "Drafts");
		assert_int_equal(mailbox_take_begin(sent, 7, &err), FOUND);
		assert_int_equal(append_as(sent, 9, "a"), 9);
		fx_write(i == 0 ? ".Trash/new/1.M1P1.h" : ".Drafts/new/1.h",
		    "Subject: x\n\nbody\n");
		if (i == 1)
			assert_int_equal(account_rebuild(fx_account, &err), 0);
		fx_sync(sent);
		assert_int_equal(fx_status(sent).messages, 2);
		assert_int_not_equal(fx_status(sent).uidvalidity, 7);
		mailbox_close(&sent);
	}
	mailbox_close(&m);
}

/* It goes on behind what is there, not behind what may have been given. */
static void
test_rebuilt(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct err err;

	(void)state;
	assert_int_equal(mailbox_take_begin(m, 7, &err), FOUND);
	assert_int_equal(append_as(m, 5, "a"), 5);
	assert_int_equal(account_rebuild(fx_account, &err), 0);
	assert_int_equal(append_as(m, 6, "b"), 6);
	assert_int_equal(mailbox_take_end(m, 7, 10, &err), FOUND);
	fx_append(m, MAIL, 0);
	/* For what came since: a part that was given, and one that is not. */
	assert_int_equal(mailbox_take_begin(m, 7, &err), FOUND);
	assert_int_equal(append_as(m, 12, "c"), 12);
	message_expunge(m, &(uint32_t){ 10 }, 1, true, &err);
	message_expunge(m, &(uint32_t){ 12 }, 1, true, &err);
	assert_int_equal(account_rebuild(fx_account, &err), 0);
	assert_int_equal(fx_status(m).uidnext, 11);
	assert_int_equal(append_as(m, 13, "d"), 13);
	assert_int_equal(mailbox_take_end(m, 7, 14, &err), FOUND);
	assert_int_equal(fx_status(m).uidvalidity, 7);
	/* From here on none is used twice again. */
	assert_int_equal(account_rebuild(fx_account, &err), 0);
	assert_true(fx_status(m).uidnext > 1000);
	mailbox_close(&m);
}

/* So does one that is taken in by many steps. */
static void
test_rebuilt_large(void **state)
{
	enum { N = 2500 };
	struct append_batch *b = append_batch_new(fx_store, false);
	struct mailbox *m = fx_box("INBOX");
	struct fx_done d = { .rc = 0 };
	struct err err;

	(void)state;
	assert_int_equal(mailbox_take_begin(m, 7, &err), FOUND);
	for (uint32_t i = 1; i <= N; i++) {
		const struct append_info info = { .uid = 2 * i };

		d.a = append_begin(b, m, &err);
		assert_non_null(d.a);
		assert_int_equal(append_write(d.a, SLICE(MAIL), &err), 0);
		assert_int_equal(append_finish(d.a, &info, &err), 0);
	}
	append_commit(b, fx_on_append, &d);
	assert_int_equal(d.uid, 2 * N);
	append_batch_free(&b);
	assert_int_equal(account_rebuild(fx_account, &err), 0);
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, N);
	assert_int_equal(fx_status(m).uidnext, 2 * N + 1);
	assert_int_equal(append_as(m, 2 * N + 2, "a"), 2 * N + 2);
	assert_int_equal(fx_status(m).uidvalidity, 7);
	mailbox_close(&m);
}

/* ---- killed before any call to the disk, and resumed ---- */

enum { THERE_VALIDITY = 7, THERE_NEXT = 2500 };
static const uint32_t there[] = { 3, 5, 1003, 1004, 2200 };

static uint64_t
id_of(uint32_t uid)
{
	char base[16];

	snprintf(base, sizeof base, "i%u", uid);
	return filename_email_id(slice_str(base));
}

/* The UID here of the message with ID; 0: it is not here. */
static uint32_t
find_id(struct mailbox *m, uint64_t id)
{
	struct message_info infos[32];
	size_t n;

	assert_int_equal(message_read(m, 1, infos, 32, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		if (infos[i].email_id == id)
			return infos[i].uid;
	return 0;
}

/* What is not here yet of what is there, in one transaction. */
static void
bring(struct mailbox *m, bool keep)
{
	struct append_batch *b = append_batch_new(fx_store, false);
	struct fx_done d = { .rc = 0 };
	struct err err;
	char base[16];

	for (size_t i = 0; i < ARRAY_LEN(there); i++) {
		struct append_info info = { .uid = keep ? there[i] : 0 };

		if (find_id(m, id_of(there[i])) != 0)
			continue;
		snprintf(base, sizeof base, "i%u", there[i]);
		info.base = slice_str(base);
		d.a = append_begin(b, m, &err);
		assert_non_null(d.a);
		assert_int_equal(append_write(d.a, SLICE(MAIL), &err), 0);
		assert_int_equal(append_finish(d.a, &info, &err), 0);
	}
	if (d.a != NULL)
		append_commit(b, fx_on_append, &d);
	assert_int_equal(d.rc, 0);
	append_batch_free(&b);
}

static void
import(struct mailbox *m)
{
	enum found f;

	fx_sync(m);
	f = mailbox_take_begin(m, THERE_VALIDITY, NULL);
	assert_int_not_equal(f, TEMPFAIL);
	bring(m, f == FOUND);
	if (f == FOUND)
		assert_int_not_equal(
		    mailbox_take_end(m, THERE_VALIDITY, THERE_NEXT, NULL),
		    TEMPFAIL);
}

/* True: M has the UIDVALIDITY of there, and so all messages have the UIDs. */
static bool
has_numbers(struct mailbox *m)
{
	struct message_info infos[32];
	size_t n, known = 0;

	fx_sync(m);
	if (fx_status(m).uidvalidity != THERE_VALIDITY)
		return false;
	assert_int_equal(message_read(m, 1, infos, 32, &n, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(there); i++) {
		const uint32_t uid = find_id(m, id_of(there[i]));

		assert_true(uid == 0 || uid == there[i]);
		known += uid != 0;
	}
	/* A client may know those below, and they are others. */
	for (size_t i = 0; i < n; i++)
		known += infos[i].uid >= THERE_NEXT;
	assert_int_equal(known, n);
	return true;
}

enum how { AS_IT_IS, REBUILT, DELIVERED, REBUILT_DELIVERED, HOWS };

/* True: it came to its end before the call number NTH. */
static bool
killed(unsigned nth)
{
	struct mailbox *m;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fx_open_as("boot-1");
		m = fx_box("INBOX");
		fault_arm(FAULT_EXIT, nth, false);
		import(m);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(
	    WIFEXITED(status) &&
	    (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == FAULT_STATUS));
	return WEXITSTATUS(status) == 0;
}

/* Twice before the call number NTH; false when it came to its end. */
static bool
strike(enum how how, unsigned nth)
{
	const bool rebuilt = how == REBUILT || how == REBUILT_DELIVERED;
	const bool others = how == DELIVERED || how == REBUILT_DELIVERED;
	bool struck = false, used = false, same;
	struct mailbox *m;

	fx_close();
	for (int i = 0; i < 2; i++) {
		struck = !killed(nth) || struck;
		if (rebuilt)
			tree_remove(AT_FDCWD, fx_path("pabal.index"));
		fx_open_as("boot-1");
		m = fx_box("INBOX");
		/* What was built anew before the first message cannot tell
		 * that it has never been used. */
		if (!has_numbers(m) && fx_status(m).messages == 0)
			used = true;
		if (others)
			fx_append(m, MAIL, 0);
		has_numbers(m);
		mailbox_close(&m);
		fx_close();
	}
	fx_open_as("boot-1");
	m = fx_box("INBOX");
	import(m);
	same = has_numbers(m);
	assert_true(same || others || used);
	for (size_t i = 0; i < ARRAY_LEN(there); i++)
		assert_int_not_equal(find_id(m, id_of(there[i])), 0);
	fx_append(m, MAIL, 0);
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	assert_true(has_numbers(m) == same);
	mailbox_close(&m);
	return struck;
}

static void
test_killed(void **state)
{
	for (int how = 0; how < HOWS; how++) {
		unsigned nth = 1;

		while (strike((enum how)how, nth++)) {
			assert_int_equal(fx_teardown(state), 0);
			assert_int_equal(fx_setup(state), 0);
		}
		assert_true(nth > 20);
	}
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
	    mailbox_take_begin(m, st.uidvalidity - 1, &err), FOUND);
	assert_int_equal(
	    mailbox_take_begin(m, st.uidvalidity - 2, &err), FOUND);
	assert_int_equal(
	    mailbox_take_end(m, st.uidvalidity - 2, 3, &err), FOUND);
	/* UIDs below 3 count as given. */
	assert_int_equal(mailbox_take_begin(m, st.uidvalidity, &err), ABSENT);
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
		FX(test_others),
		FX(test_rebuilt),
		FX(test_rebuilt_large),
		FX(test_killed),
		FX(test_open_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
