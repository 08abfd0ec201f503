/* SPDX-License-Identifier: ISC */
/* System calls that work costs: in a turn of the loop the store looks once
 * whether others took its files away, however often it is asked. */
#include "tests/unit/store/fixture.h"

#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "maildir/filename.h"

enum { MANY = 100 };

static unsigned fstats;
static unsigned looks; /* at files by name */
static unsigned syncs;
static time_t later_s;

/* In libc's place. */
int
fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

int
fstat(int fd, struct stat *st)
{
	fstats++;
	return fstatat(fd, "", st, AT_EMPTY_PATH);
}

int
openat(int dirfd, const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	looks++;
	return (int)syscall(SYS_openat, dirfd, name, flags, mode);
}

int
fstatat(
    int dirfd, const char *restrict name, struct stat *restrict st, int flags)
{
	looks++;
	return (int)syscall(SYS_newfstatat, dirfd, name, st, flags);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	const int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += later_s;
	return rc;
}

static struct ev_task task;
static struct mailbox *box;
static unsigned turn;

static void
read_all(void)
{
	for (uint32_t uid = 1; uid <= MANY; uid++) {
		(void)fx_info(box, uid);
		(void)mailbox_keywords(box);
	}
}

static void
on_task(struct ev_task *t)
{
	switch (++turn) {
	case 1:
		fstats = 0;
		read_all();
		assert_in_range(fstats, 1, 3);
		/* Not noticed before the next turn. */
		tree_remove(AT_FDCWD, fx_path("pabal.index"));
		fstats = 0;
		read_all();
		assert_int_equal(fstats, 0);
		ev_task_queue(t);
		break;
	case 2:
		read_all();
		assert_int_equal(access(fx_path("pabal.index"), F_OK), 0);
		fx_flags(box, 8, FLAGS_ADD, MSG_FLAGGED, "");
		ev_task_queue(t);
		break;
	case 3:
		fstats = 0;
		fx_flags(box, 7, FLAGS_ADD, MSG_FLAGGED, "");
		assert_in_range(fstats, 1, 6);
		/* Whoever changes something notices at once. */
		tree_remove(AT_FDCWD, fx_path("pabal.index"));
		fx_flags(box, 9, FLAGS_ADD, MSG_FLAGGED, "");
		ev_task_queue(t);
		break;
	case 4:
		assert_true((fx_info(box, 9).flags & MSG_FLAGGED) != 0);
		ev_stop();
		break;
	default:
		fail();
	}
}

static void
test_one_look_a_turn(void **state)
{
	(void)state;
	box = fx_box("INBOX");
	for (unsigned i = 0; i < MANY; i++)
		fx_append(box, "Subject: x\r\n\r\nx\r\n", 0);
	ev_init();
	ev_task_init(&task, on_task);
	ev_task_queue(&task);
	ev_run();
	assert_int_equal(turn, 4);
	/* Without a loop, each time. */
	fstats = 0;
	read_all();
	assert_true(fstats >= MANY);
	mailbox_close(&box);
}

/* ---- what a delivery costs ---- */

/* As local does it: the account, INBOX, a message. */
static enum found
deliver(struct mailbox **m, uint32_t *uid)
{
	const struct append_info info = { .fresh = true };
	struct append_batch *b = append_batch_new(fx_store, false);
	struct account *a;
	struct err err = { 0 };
	struct fx_done d = { 0 };

	assert_int_equal(
	    store_account_ensure(fx_store, "d/u", &a, &err), FOUND);
	assert_int_equal(mailbox_open(a, SLICE("INBOX"), m, &err), FOUND);
	account_close(&a);
	d.a = append_begin(b, *m, &err);
	if (d.a == NULL) {
		assert_int_equal(err.class, ERR_PERM);
		mailbox_close(m);
		append_batch_free(&b);
		return ABSENT;
	}
	assert_int_equal(append_write(d.a, SLICE("a: b\r\n\r\n"), &err), 0);
	assert_int_equal(append_finish(d.a, &info, &err), 0);
	append_commit(b, fx_on_append, &d);
	assert_int_equal(d.rc, 0);
	append_batch_free(&b);
	*uid = d.uid;
	return FOUND;
}

static void
delivered(void)
{
	struct message_info info;
	struct stat st;
	uint32_t uid = 0;
	int fd;

	assert_int_equal(deliver(&box, &uid), FOUND);
	/* INTERNALDATE is the file's time, though nobody has asked for it. */
	assert_int_equal(message_open(box, uid, &fd, &info, NULL), FOUND);
	assert_int_equal(fstatat(fd, "", &st, AT_EMPTY_PATH), 0);
	assert_int_equal(info.date_s, st.st_mtim.tv_sec);
	close(fd);
	mailbox_close(&box);
}

static void
on_delivery(struct ev_task *t)
{
	uint32_t uid;

	switch (++turn) {
	case 1:
		delivered();
		break;
	case 2:
		/* The index, and new/ before and after. */
		fstats = 0;
		assert_int_equal(deliver(&box, &uid), FOUND);
		assert_int_equal(fstats, 3);
		mailbox_close(&box);
		delivered();
		/* Somebody removes the index, */
		tree_remove(AT_FDCWD, fx_path("pabal.index"));
		break;
	case 3:
		delivered();
		assert_int_equal(access(fx_path("pabal.index"), F_OK), 0);
		/* or a part of the mailbox, */
		tree_remove(AT_FDCWD, fx_path("tmp"));
		break;
	case 4:
		delivered();
		/* or all there is. */
		tree_remove(AT_FDCWD, fx_path(""));
		break;
	case 5:
		assert_int_equal(deliver(&box, &uid), ABSENT);
		delivered();
		ev_stop();
		return;
	default:
		fail();
	}
	ev_task_queue(t);
}

static void
test_a_delivery(void **state)
{
	(void)state;
	turn = 0;
	ev_task_init(&task, on_delivery);
	ev_task_queue(&task);
	ev_run();
	assert_int_equal(turn, 5);
}

/* ---- what others do ---- */

static void
on_foreign(struct ev_task *t)
{
	struct account *a;
	struct err err = { 0 };

	switch (++turn) {
	case 1:
		/* Long after the last change: nothing is doubtful. */
		later_s = 1;
		assert_int_equal(mailbox_sync(box, true, &err), 0);
		assert_int_equal(fx_status(box).messages, 0);
		ev_task_queue(t);
		return;
	case 2:
		fx_write("new/1700000000.M1P1.other", "Subject: x\n\nx\n");
		/* That the account is there, says who asked for it. */
		assert_int_equal(
		    store_account_ensure(fx_store, "d/u", &a, &err), FOUND);
		assert_int_equal(mailbox_sync(box, false, &err), 0);
		assert_int_equal(fx_status(box).messages, 1);
		account_close(&a);
		ev_stop();
		return;
	default:
		fail();
	}
}

/* Who is sure that an account is there has not looked into its mailboxes. */
static void
test_foreign_mail_after_ensure(void **state)
{
	(void)state;
	turn = 0;
	box = fx_box("INBOX");
	ev_task_init(&task, on_foreign);
	ev_task_queue(&task);
	ev_run();
	assert_int_equal(turn, 2);
	mailbox_close(&box);
	later_s = 0;
}

/* ---- the list of mailboxes ---- */

static bool
count_name(void *arg, const struct mailbox_info *info)
{
	(void)info;
	(*(unsigned *)arg)++;
	return true;
}

/* At how many files a LIST looks, which gives NAMES. */
static unsigned
list_looks(unsigned names)
{
	unsigned n = 0;

	looks = 0;
	assert_int_equal(
	    mailbox_list(fx_account, false, count_name, &n, NULL), 0);
	assert_int_equal(n, names);
	return looks;
}

/* LIST looks at no directory of a mailbox, whatever was done to others. */
static void
test_list_after_changes(void **state)
{
	const unsigned few = 16; /* small files, and the account's directory */
	unsigned names = 0;
	char name[16];

	(void)state;
	(void)mailbox_list(fx_account, false, count_name, &names, NULL);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "box%u", i);
		assert_int_equal(
		    mailbox_create(fx_account, slice_str(name), 0, NULL), 0);
		names++;
		if (i % 10 == 0)
			assert_in_range(list_looks(names), 1, few);
	}
	/* When a change of others in the same moment would show. */
	later_s++;
	assert_in_range(list_looks(names), 1, few);
	assert_int_equal(mailbox_delete(fx_account, SLICE("box7"), NULL), 0);
	assert_in_range(list_looks(--names), 1, few);
	assert_int_equal(fx_rename(SLICE("box8"), SLICE("new"), NULL), 0);
	assert_in_range(list_looks(names), 1, few);
	assert_int_equal(
	    mailbox_subscribe(fx_account, SLICE("box9"), true, NULL), 0);
	assert_in_range(list_looks(names), 1, few);
	/* What others make and rename is looked at, and nothing else. */
	assert_int_equal(mkdir(fx_path(".theirs"), 0700), 0);
	assert_in_range(list_looks(++names), few, 60);
}

/* Folders of others get their own file each, and are synced together. */
static void
test_many_folders_at_once(void **state)
{
	char name[32];
	unsigned names = 0;

	(void)state;
	(void)mailbox_list(fx_account, false, count_name, &names, NULL);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, ".theirs%u", i);
		assert_int_equal(mkdir(fx_path(name), 0700), 0);
	}
	later_s++;
	syncs = 0;
	(void)list_looks(names + MANY);
	assert_in_range(syncs, 0, 16);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, ".theirs%u/pabal-mailbox", i);
		assert_int_equal(unlink(fx_path(name)), 0);
	}
	syncs = 0;
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	assert_in_range(syncs, 0, 16);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, ".theirs%u/pabal-mailbox", i);
		assert_int_equal(access(fx_path(name), R_OK), 0);
	}
	(void)list_looks(names + MANY);
	later_s = 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_one_look_a_turn),
		FX(test_a_delivery),
		FX(test_foreign_mail_after_ensure),
		FX(test_list_after_changes),
		FX(test_many_folders_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
