/* SPDX-License-Identifier: ISC */
/* A new account's first message goes to disk with all that it needs, in the
 * pool. */
#include "tests/unit/store/fixture.h"

#include <poll.h>
#include <sys/wait.h>

#include "sys/durable.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

static struct durable *pool;
static struct store *store;

static void
open_store(void)
{
	struct store_opts opts = { .hostname = "h", .boot_id = "boot-1" };

	pool = durable_new(fx_root, SYNC_AUTO);
	opts.durable = pool;
	store = store_new(fx_root, &opts);
}

static void
close_store(void)
{
	store_free(&store);
	durable_free(&pool);
}

/* One message to the account at PATH, as local does it. */
static int
deliver(const char *path)
{
	const struct append_info info = { .fresh = true };
	struct append_batch *b = append_batch_new(store, false);
	struct err err = { 0 };
	struct fx_done d = { 0 };
	struct account *a;
	struct mailbox *m = NULL;

	if (store_account_ensure(store, path, &a, &err) != FOUND ||
	    mailbox_open(a, SLICE("INBOX"), &m, &err) != FOUND)
		fail_msg("open %s: %s", path, err.text);
	d.a = append_begin(b, m, &err);
	assert_non_null(d.a);
	assert_int_equal(append_write(d.a, SLICE(MAIL), &err), 0);
	assert_int_equal(append_finish(d.a, &info, &err), 0);
	append_commit(b, fx_on_append, &d);
	while (d.calls == 0) {
		struct pollfd p = { durable_fd(pool), POLLIN, 0 };

		poll(&p, 1, -1);
		durable_reap(pool);
	}
	append_batch_free(&b);
	mailbox_close(&m);
	account_close(&a);
	return d.rc;
}

static void
test_syncs(void **state)
{
	uint64_t before;

	(void)state;
	open_store();
	before = durable_syncs(pool);
	assert_int_equal(deliver("d/new"), 0);
	assert_in_range(durable_syncs(pool) - before, 1, 2);
	before = durable_syncs(pool);
	assert_int_equal(deliver("d/new"), 0);
	assert_in_range(durable_syncs(pool) - before, 1, 2);
	close_store();
}

/* A process that ended before the first message was safe leaves the syncing to
 * the next one. */
static void
test_next_process_syncs(void **state)
{
	struct account *a;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		open_store();
		_exit(store_account_ensure(store, "d/new", &a, NULL) == FOUND
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	open_store();
	assert_int_equal(store_account_open(store, "d/new", &a, NULL), FOUND);
	assert_false(a->ix.unsynced);
	assert_int_equal(mailbox_create(a, SLICE("x"), 0, NULL), 0);
	assert_true(a->ix.synced);
	account_close(&a);
	close_store();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_syncs),
		FX(test_next_process_syncs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
