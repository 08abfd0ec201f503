/* SPDX-License-Identifier: ISC */
/* Keeping and bringing back on a disk on which one call fails, or before which
 * the process ends: a message is in its mailbox or kept, never both, and never
 * in neither but where a full disk has no room to keep it. */
#include "tests/unit/store/fixture.h"

#include <sys/wait.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "maildir/filename.h"
#include "maildir/keptdir.h"
#include "store/keptlist.h"
#include "store/retention.h"
#include "store/undelete.h"
#include "tests/fault.h"

enum { MESSAGES = 3, WEEK_S = 7 * 86400, REFUSED = 1 };

static uint64_t ids[MESSAGES];
static unsigned calls; /* of the good run */

static void
open_again(void)
{
	fx_open_as("boot-1");
	store_set_retention(fx_store, WEEK_S, 0);
}

/* Three messages in the mailbox a, one with keywords. */
static void
prepare(void)
{
	const struct append_info info = { .flags = MSG_SEEN,
		.keywords = SLICE("$Junk travel") };
	struct mailbox *m;
	struct err err;

	fx_setup(NULL);
	ev_init();
	store_set_retention(fx_store, WEEK_S, 0);
	assert_int_equal(mailbox_create(fx_account, SLICE("a"), 0, &err), 0);
	m = fx_box("a");
	assert_true(fx_try_append(m, "Subject: 1\r\n\r\n", &info, NULL) == 1);
	fx_append(m, "Subject: 2\r\n\r\n", MSG_DELETED);
	fx_append(m, "Subject: 3\r\n\r\n", 0);
	for (uint32_t uid = 1; uid <= MESSAGES; uid++)
		ids[uid - 1] = fx_info(m, uid).email_id;
	mailbox_close(&m);
}

static int
op_expunge(struct err *err)
{
	const uint32_t uids[] = { 1, 2, 3 };
	struct mailbox *m;
	int rc;

	if (mailbox_open(fx_account, SLICE("a"), &m, err) != FOUND)
		return -1;
	rc = message_expunge(m, uids, MESSAGES, true, err);
	mailbox_close(&m);
	return rc;
}

static int
op_delete(struct err *err)
{
	return mailbox_delete(fx_account, SLICE("a"), err);
}

static int
undelete(struct mailbox *m, struct err *err)
{
	const struct kept_message *v[MESSAGES];
	struct undelete_result r;
	struct kept_list l;
	int rc = keptlist_read(&l, fx_account, err);

	for (size_t i = 0; i < l.nmessages && i < MESSAGES; i++)
		v[i] = &l.messages[i];
	if (rc == 0)
		rc = undelete_messages(m, v, l.nmessages, &r, err);
	keptlist_fini(&l);
	return rc;
}

static int
op_undelete(struct err *err)
{
	struct mailbox *m;
	int rc;

	if (mailbox_open(fx_account, SLICE("INBOX"), &m, err) != FOUND)
		return -1;
	rc = undelete(m, err);
	mailbox_close(&m);
	return rc;
}

static int
op_undelete_mailbox(struct err *err)
{
	struct kept_list l;
	int rc = keptlist_read(&l, fx_account, err);

	if (rc == 0)
		rc = undelete_mailbox(fx_account, l.mailboxes[0], err) == FOUND
			 ? 0
			 : -1;
	keptlist_fini(&l);
	return rc;
}

static int
op_expire(struct err *err)
{
	bool more = true;

	while (more)
		if (account_expire(fx_account, false, &more, err) == -1)
			return -1;
	return 0;
}

static const struct op {
	const char *name;
	int (*before)(struct err *err); /* makes the state that it begins in */
	int (*run)(struct err *err);
	size_t live; /* messages afterwards, when it has worked */
} ops[] = {
	{ "expunge", NULL, op_expunge, 0 },
	{ "delete", NULL, op_delete, 0 },
	{ "undelete", op_expunge, op_undelete, MESSAGES },
	{ "undelete a mailbox", op_delete, op_undelete_mailbox, MESSAGES },
	{ "undelete of a mailbox", op_delete, op_undelete, MESSAGES },
	{ "expire nothing", op_expunge, op_expire, 0 },
};

static size_t
count_live(uint64_t id)
{
	static const char *const names[] = { "INBOX", "a" };
	struct message_info info[2 * MESSAGES];
	size_t got, n = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct mailbox *m;

		if (mailbox_open(fx_account, slice_str(names[i]), &m, NULL) !=
		    FOUND)
			continue;
		fx_sync(m);
		assert_int_equal(
		    message_read(m, 1, info, ARRAY_LEN(info), &got, NULL), 0);
		for (size_t k = 0; k < got; k++)
			n += info[k].email_id == id;
		mailbox_close(&m);
	}
	return n;
}

static size_t
count_kept(uint64_t id)
{
	struct kept_list l;
	struct filename f;
	size_t n = 0;

	assert_int_equal(keptlist_read(&l, fx_account, NULL), 0);
	for (size_t i = 0; i < l.nmessages; i++) {
		filename_parse(slice_str(l.messages[i].file), &f);
		n += f.email_id == id;
	}
	keptlist_fini(&l);
	return n;
}

static void
check(const struct op *op, bool refused, bool full)
{
	size_t live = 0;

	open_again();
	for (size_t i = 0; i < MESSAGES; i++) {
		const size_t here = count_live(ids[i]);
		const size_t back = count_kept(ids[i]);

		if (full && op->before == NULL)
			assert_true(here + back <= 1);
		else
			assert_int_equal(here + back, 1);
		live += here;
	}
	if (!refused)
		assert_int_equal(live, op->live);
	/* What a disk that failed kept from it works now. */
	if (op->before != NULL && op->live > 0 && live == 0) {
		struct err err = { 0 };

		if (op->run(&err) == -1)
			fail_msg("%s: %s", op->name, err.text);
	}
	fx_flush();
}

/* In a process of its own, which may end before call number NTH (0: none
 * fails). */
static int
run_in_child(const struct op *op, enum fault_kind kind, unsigned nth)
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fx_close();
	pid = fork();
	if (pid == 0) {
		struct err err;
		int rc;

		ev_init();
		open_again();
		if (nth > 0)
			fault_arm(kind, nth, false);
		else
			fault_count();
		rc = op->run(&err);
		calls = fault_calls();
		fault_off();
		(void)!write(ends[1], &calls, sizeof calls);
		fx_close();
		_exit(rc == 0 ? 0 : REFUSED);
	}
	close(ends[1]);
	if (nth == 0)
		assert_int_equal(
		    read(ends[0], &calls, sizeof calls), sizeof calls);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
strike(const struct op *op, enum fault_kind kind, unsigned nth)
{
	struct err err = { 0 };
	int status;

	prepare();
	if (op->before != NULL && op->before(&err) == -1)
		fail_msg("%s", err.text);
	status = run_in_child(op, kind, nth);
	assert_true(status == 0 || status == REFUSED || status == FAULT_STATUS);
	if (nth == 0)
		assert_int_equal(status, 0);
	check(op, status != 0, kind == FAULT_NOSPC || kind == FAULT_SHORT);
	tree_remove(AT_FDCWD, fx_path(KEPT_DIR));
	assert_int_equal(fx_teardown(NULL), 0);
}

static void
test_every_call(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_NOSPC, FAULT_SHORT,
		FAULT_IO, FAULT_EXIT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		unsigned n;

		strike(&ops[i], FAULT_EXIT, 0);
		n = calls;
		print_message("%s: %u calls\n", ops[i].name, n);
		assert_true(n > 0 || ops[i].run == op_expire);
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			for (unsigned nth = 1; nth <= n; nth++)
				strike(&ops[i], kinds[k], nth);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_call) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
