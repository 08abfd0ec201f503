/* SPDX-License-Identifier: ISC */
/* COPY and MOVE of more messages than one transaction takes: all or none of
 * them, whatever fails on the way; killed there, each is still somewhere. */
#include "store/copy.h"

#include "tests/unit/store/fixture.h"

#include <sys/wait.h>

#include "store/cache.h"
#include "store/message.h"
#include "tests/fault.h"

enum { MANY = 250, EVERY = 37 };

struct outcome {
	unsigned calls;
	int rc;
	size_t n;
};

static void
on_copied(void *arg, const struct copy_result *r)
{
	struct outcome *o = arg;

	o->calls++;
	o->rc = r->rc;
	o->n = r->n;
	for (size_t i = 1; i < r->n; i++) {
		assert_int_equal(r->pairs[i].from, r->pairs[i - 1].from + 1);
		assert_int_equal(r->pairs[i].to, r->pairs[i - 1].to + 1);
	}
}

static struct outcome
copy(bool move)
{
	struct mailbox *from = fx_box("INBOX"), *to = fx_box("to");
	struct outcome o = { 0 };
	uint32_t uids[MANY];
	struct mailbox_status st = fx_status(from);

	for (size_t i = 0; i < MANY; i++)
		uids[i] = st.uidnext - MANY + (uint32_t)i;
	message_copy(from, uids, MANY, to, move, on_copied, &o);
	assert_int_equal(o.calls, 1);
	mailbox_close(&from);
	mailbox_close(&to);
	return o;
}

static unsigned
count(const char *name)
{
	struct mailbox *m = fx_box(name);
	struct message_info info;
	struct mailbox_status st;
	unsigned files = 0, n;
	int fd;

	/* A kill leaves records without files, which the next look finds. */
	assert_int_equal(mailbox_sync(m, true, NULL), 0);
	st = fx_status(m);
	n = st.messages;
	for (uint32_t uid = 1; uid < st.uidnext; uid++)
		if (message_open(m, uid, &fd, &info, NULL) == FOUND) {
			files++;
			close(fd);
		}
	assert_int_equal(files, n);
	mailbox_close(&m);
	return n;
}

/* A fresh account with MANY messages in INBOX, and no other. */
static void
prepare(void)
{
	struct mailbox *m;

	fx_close();
	tree_remove(fx_root, "d");
	fx_open_as("boot-1");
	assert_int_equal(mailbox_create(fx_account, SLICE("to"), 0, NULL), 0);
	m = fx_box("INBOX");
	for (size_t i = 0; i < MANY; i++)
		fx_append(m, "Subject: x\r\n\r\nx\r\n", 0);
	mailbox_close(&m);
}

static void
check_failing(bool move)
{
	unsigned calls, struck = 0;

	prepare();
	fault_count();
	assert_int_equal(copy(move).n, MANY);
	calls = fault_calls();
	fault_off();
	assert_int_equal(count("INBOX"), move ? 0 : MANY);
	assert_int_equal(count("to"), MANY);
	for (unsigned at = EVERY; at < calls; at += EVERY) {
		struct outcome o;

		prepare();
		fault_arm(FAULT_NOSPC, at, false);
		o = copy(move);
		struck += fault_struck();
		fault_off();
		/* What could not be synced may be there for good. */
		assert_int_equal(o.n, o.rc == 0 ? MANY : 0);
		assert_int_equal(count("INBOX"), move && o.rc == 0 ? 0 : MANY);
		assert_int_equal(count("to"), o.rc == 0 ? MANY : 0);
	}
	assert_true(struck > 2);
}

static void
test_copy_fails(void **state)
{
	(void)state;
	check_failing(false);
}

static void
test_move_fails(void **state)
{
	(void)state;
	check_failing(true);
}

static void
test_over_quota(void **state)
{
	struct outcome o;

	(void)state;
	prepare();
	fx_quota(0, MANY + MANY - 20);
	o = copy(false);
	assert_int_equal(o.rc, -1);
	assert_int_equal(count("INBOX"), MANY);
	assert_int_equal(count("to"), 0);
}

/* Killed at a call, nothing is lost and nothing is there twice. */
static void
check_killed(bool move)
{
	unsigned calls, kills = 0;

	prepare();
	fault_count();
	(void)copy(move);
	calls = fault_calls();
	fault_off();
	for (unsigned at = EVERY; at < calls; at += 2 * EVERY) {
		unsigned in, to;
		int status;
		pid_t pid;

		prepare();
		fx_close();
		pid = fork();
		if (pid == 0) {
			fx_open_as("boot-1");
			fault_arm(FAULT_EXIT, at, false);
			(void)copy(move);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		kills += WEXITSTATUS(status) == FAULT_STATUS;
		fx_open_as("boot-1");
		in = count("INBOX");
		to = count("to");
		assert_true(in <= MANY && to <= MANY);
		assert_true(move ? in + to == MANY : in == MANY);
	}
	assert_true(kills > 2);
}

static void
test_killed(void **state)
{
	(void)state;
	check_killed(false);
	check_killed(true);
}

/* Others see what each step has done, and may change it. */
static void
test_steps(void **state)
{
	struct mailbox *from, *to;
	struct outcome o = { 0 };
	struct copying *c;
	uint32_t uids[MANY];
	unsigned steps = 1;

	(void)state;
	prepare();
	from = fx_box("INBOX");
	to = fx_box("to");
	for (uint32_t i = 0; i < MANY; i++)
		uids[i] = i + 1;
	c = message_copy_new(from, uids, MANY, to, true, on_copied, &o);
	assert_true(message_copy_step(c));
	assert_true(fx_status(to).messages > 0);
	assert_int_equal(
	    fx_status(to).messages + fx_status(from).messages, MANY);
	/* One that is still to come goes away; one comes into the target. */
	assert_int_equal(
	    message_expunge(from, &uids[MANY - 1], 1, true, NULL), 0);
	while (message_copy_step(c))
		steps++;
	assert_true(steps > 1);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.n, MANY - 1);
	mailbox_close(&from);
	mailbox_close(&to);
	assert_int_equal(count("INBOX"), 0);
	assert_int_equal(count("to"), MANY - 1);
}

/* What a sync refused is taken back in steps too. */
static void
test_back_in_steps(void **state)
{
	struct mailbox *from, *to;
	struct outcome o = { 0 };
	struct copying *c;
	uint32_t uids[MANY];
	unsigned left, steps = 0;

	(void)state;
	prepare();
	from = fx_box("INBOX");
	to = fx_box("to");
	for (uint32_t i = 0; i < MANY; i++)
		uids[i] = i + 1;
	c = message_copy_new(from, uids, MANY, to, false, on_copied, &o);
	while (fx_status(to).messages < MANY)
		assert_true(message_copy_step(c));
	/* All that is left to do is to sync. */
	fault_arm(FAULT_IO, 1, false);
	assert_true(message_copy_step(c));
	assert_true(fault_struck());
	fault_off();
	do {
		left = fx_status(to).messages;
		steps++;
		assert_int_equal(o.calls, 0);
	} while (message_copy_step(c) && fx_status(to).messages < left);
	assert_true(steps > 2);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.rc, -1);
	assert_int_equal(fx_status(to).messages, 0);
	mailbox_close(&from);
	mailbox_close(&to);
}

/* RENAME of INBOX moves some messages at a time, and what comes meanwhile
 * stays. */
static void
test_rename_in_steps(void **state)
{
	struct fx_renamed done = { .rc = 1 };
	unsigned last = MANY, steps = 0;
	struct renaming *r;
	struct mailbox *m;

	(void)state;
	prepare();
	r = mailbox_rename_new(
	    fx_account, SLICE("INBOX"), SLICE("old"), fx_on_renamed, &done);
	m = fx_box("INBOX");
	while (mailbox_rename_step(r)) {
		const unsigned n = fx_status(m).messages;

		assert_true(n <= last && last - n <= 100);
		steps += n < last;
		last = n;
	}
	assert_true(steps > 2);
	assert_int_equal(done.rc, 0);
	mailbox_close(&m);
	assert_int_equal(count("INBOX"), 0);
	assert_int_equal(count("old"), MANY);
}

/* What took the new mailbox's name meanwhile is not it, and stays when the
 * messages go back. */
static void
test_rename_fails_under_another_name(void **state)
{
	struct fx_renamed done = { .rc = 1 };
	struct renaming *r;
	struct mailbox *m;

	(void)state;
	prepare();
	r = mailbox_rename_new(
	    fx_account, SLICE("INBOX"), SLICE("old"), fx_on_renamed, &done);
	while (count("INBOX") == MANY)
		assert_true(mailbox_rename_step(r));
	assert_int_equal(fx_rename(SLICE("old"), SLICE("other"), NULL), 0);
	assert_int_equal(mailbox_create(fx_account, SLICE("old"), 0, NULL), 0);
	m = fx_box("old");
	fx_append(m, "Subject: y\r\n\r\ny\r\n", 0);
	mailbox_close(&m);
	fault_arm(FAULT_IO, 1, false);
	assert_true(mailbox_rename_step(r));
	assert_true(fault_struck());
	fault_off();
	while (mailbox_rename_step(r))
		;
	assert_int_equal(done.rc, -1);
	assert_int_equal(count("INBOX"), MANY);
	assert_int_equal(count("old"), 1);
}

/* What was made of messages is not kept when it cannot be written down. */
static void
test_cache_fails(void **state)
{
	struct mailbox *m;

	(void)state;
	prepare();
	m = fx_box("to");
	assert_int_equal(message_cache(m, 1, SLICE("x"), 1, 0, NULL), 0);
	assert_int_equal(m->cache.n, 1);
	assert_int_equal(mailbox_delete(fx_account, SLICE("to"), NULL), 0);
	assert_int_equal(cache_flush(m, NULL), -1);
	assert_int_equal(m->cache.n, 0);
	mailbox_close(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_back_in_steps),
		FX(test_rename_in_steps),
		FX(test_rename_fails_under_another_name),
		FX(test_cache_fails),
		FX(test_copy_fails),
		FX(test_move_fails),
		FX(test_over_quota),
		FX(test_killed),
		FX(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
