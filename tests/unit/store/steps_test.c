/* SPDX-License-Identifier: ISC */
/* Mailboxes that are too large to be taken in at once: nobody sees the half of
 * one as the whole, and what interrupts it costs no UID, flag or keyword. */
#include "store/handle.h"
#include "store/scan.h"

#include "tests/unit/store/fixture.h"

#include "base/mem.h"
#include "maildir/filename.h"
#include "store/whole.h"
#include "sys/kv.h"

enum { MANY = 2600 };

static void
no_event(void *arg, const struct view_event *e)
{
	(void)e;
	(*(unsigned *)arg)++;
}

static bool
sync_some(struct mailbox *m)
{
	struct err err = { 0 };
	bool more;

	if (mailbox_sync_some(m, false, &more, &err) == -1)
		fail_msg("%s", err.text);
	return more;
}

/* Foreign files 0..MANY-1, of which the one called N stands in the list with
 * the UID 2 * N + 7. */
static void
foreign_account(void)
{
	struct buf list;
	FILE *f;

	fx_close();
	tree_remove(fx_root, "d");
	assert_int_equal(mkdirat(fx_root, "d", 0700), 0);
	assert_int_equal(mkdirat(fx_root, "d/u", 0700), 0);
	assert_int_equal(mkdirat(fx_root, "d/u/cur", 0700), 0);
	buf_init(&list, 1 << 20);
	buf_addf(&list, "3 V777 N%d G0123456789abcdef0123456789abcdef\n",
	    2 * MANY + 7);
	for (int i = 0; i < MANY; i++) {
		char name[64];

		snprintf(name, sizeof name, "cur/%d.M%d.h:2,%s", 5000 - i, i,
		    i % 2 == 0 ? "S" : "Sa");
		fx_write(name, "x\n");
		buf_addf(&list, "%d :%d.M%d.h\n", 2 * i + 7, 5000 - i, i);
	}
	fx_write("dovecot-keywords", "0 travel\n");
	f = fopen(fx_path("dovecot-uidlist"), "we");
	assert_non_null(f);
	assert_int_equal(fwrite(list.p, 1, list.n, f), list.n);
	assert_int_equal(fclose(f), 0);
	buf_fini(&list);
	fx_open_as("boot-1");
}

static void
check_all(struct mailbox *m, unsigned others)
{
	assert_int_equal(fx_status(m).messages, MANY + others);
	assert_int_equal(fx_status(m).uidvalidity, 777);
	for (uint32_t i = 0; i < MANY; i++) {
		const struct message_info info = fx_info(m, 2 * i + 7);

		assert_int_equal(info.flags, MSG_SEEN);
		assert_string_equal(
		    fx_keywords(m, info.uid), i % 2 == 0 ? "" : "travel");
	}
}

static void
test_take_over(void **state)
{
	struct mailbox *m;

	(void)state;
	foreign_account();
	m = fx_box("INBOX");
	assert_true(sync_some(m));
	while (sync_some(m))
		;
	check_all(m, 0);
	assert_false(sync_some(m));
	mailbox_close(&m);
}

/* Another process goes on where one ended; mail comes in between. */
static void
test_interrupted(void **state)
{
	struct mailbox *m;
	uint32_t uid;

	(void)state;
	foreign_account();
	m = fx_box("INBOX");
	assert_true(sync_some(m));
	uid = fx_append(m, "Subject: x\r\n\r\nx\r\n", MSG_FLAGGED);
	assert_true(uid >= 2 * MANY + 7);
	mailbox_close(&m);
	/* Names follow the flags, and nothing is put in order meanwhile. */
	account_close(&fx_account);
	fx_store->flush_stop_ms = 0;
	store_free(&fx_store);
	fx_open_as("boot-1");
	m = fx_box("INBOX");
	assert_true(fx_status(m).messages < MANY);
	fx_flags(m, uid, FLAGS_ADD, 0, "other");
	assert_true(sync_some(m));
	handle_park(fx_account);
	while (sync_some(m))
		;
	check_all(m, 1);
	assert_int_equal(fx_info(m, uid).flags, MSG_FLAGGED);
	assert_string_equal(fx_keywords(m, uid), "other");
	mailbox_close(&m);
}

/* The store goes on by itself. */
static void
test_in_the_background(void **state)
{
	struct mailbox *m;
	bool more = true;

	(void)state;
	foreign_account();
	while (more)
		assert_int_equal(account_flush(fx_account, &more, NULL), 0);
	m = fx_box("INBOX");
	check_all(m, 0);
	mailbox_close(&m);
}

/* A session that is there while the index is built anew hears of nothing. */
static void
test_view_over_rebuild(void **state)
{
	struct mailbox *m;
	unsigned events = 0;
	struct view *v;
	bool more;

	(void)state;
	foreign_account();
	m = fx_box("INBOX");
	v = view_open(m, 0, NULL);
	assert_non_null(v);
	assert_int_equal(view_count(v), MANY);
	assert_int_equal(account_flush(fx_account, &more, NULL), 0);
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	assert_true(fx_status(m).messages < MANY);
	do {
		assert_int_equal(
		    view_sync(v, true, no_event, &events, NULL, NULL), 0);
	} while (sync_some(m));
	assert_int_equal(view_sync(v, true, no_event, &events, NULL, NULL), 0);
	assert_int_equal(view_count(v), MANY);
	assert_int_equal(view_pending(v), 0);
	check_all(m, 0);
	view_close(&v);
	mailbox_close(&m);
}

static unsigned
remove_all_but(const char *part)
{
	DIR *dir = opendir(fx_path("cur"));
	const struct dirent *de;
	unsigned n = 0;

	assert_non_null(dir);
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.' && strstr(de->d_name, part) == NULL)
			n += unlinkat(dirfd(dir), de->d_name, 0) == 0;
	closedir(dir);
	return n;
}

/* Files put into a mailbox by another program come in the order of their times,
 * also among messages that arrive meanwhile; those that leave again are none.
 */
static void
test_many_dropped(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char name[64];
	uint32_t mid;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "new/%d.a.h", 3000 + i);
		fx_write(name, "x\n");
	}
	assert_true(sync_some(m));
	mid = fx_append(m, "y\r\n", 0);
	assert_int_equal(mid, fx_status(m).uidnext - 1);
	snprintf(name, sizeof name, "new/%d.a.h", 3000 + MANY - 1);
	assert_int_equal(unlink(fx_path(name)), 0);
	while (sync_some(m))
		;
	assert_int_equal(fx_status(m).messages, MANY);
	assert_int_equal(fx_status(m).uidnext, MANY + 1);
	/* Files that went again, by the thousand. */
	snprintf(name, sizeof name, ",U=%u:", mid);
	assert_int_equal(remove_all_but(name), MANY - 1);
	assert_true(sync_some(m));
	while (sync_some(m))
		;
	assert_int_equal(fx_status(m).messages, 1);
	mailbox_close(&m);
}

/* How many records of the index begin with TYPE? */
static unsigned
records(char type)
{
	struct kv_txn *t = kv_read(fx_account->ix.env, NULL);
	struct kv_cursor *c = kv_cursor_open(t, NULL);
	struct slice k, v;
	unsigned n = 0;
	enum found f = kv_seek(c, slice_of(&type, 1), &k, &v, NULL);

	while (f == FOUND && k.p[0] == type) {
		n++;
		f = kv_next(c, &k, &v, NULL);
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	return n;
}

/* The rest of a mailbox that was deleted goes later, by whoever comes. */
static void
test_deleted(void **state)
{
	struct account_usage usage;
	struct mailbox *m;
	char name[64];
	unsigned log;
	bool more;

	(void)state;
	assert_int_equal(mailbox_create(fx_account, SLICE("b"), 0, NULL), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, ".b/cur/%d.a.h:2,", 3000 + i);
		fx_write(name, "x\n");
	}
	m = fx_box("b");
	log = records('L');
	assert_int_equal(mailbox_sync(m, false, NULL), 0);
	assert_int_equal(fx_status(m).messages, MANY);
	mailbox_close(&m);
	m = fx_box("INBOX");
	fx_append(m, "x\r\n", 0);
	mailbox_close(&m);
	assert_int_equal(mailbox_delete(fx_account, SLICE("b"), NULL), 0);
	assert_int_equal(account_usage(fx_account, &usage, NULL), 0);
	assert_int_equal(usage.messages, 1);
	assert_int_equal(usage.bytes, 3);
	assert_int_equal(
	    mailbox_open(fx_account, SLICE("b"), &m, NULL), ABSENT);
	/* One of the same name has none of its messages. */
	assert_int_equal(mailbox_create(fx_account, SLICE("b"), 0, NULL), 0);
	m = fx_box("b");
	assert_int_equal(fx_status(m).messages, 0);
	mailbox_close(&m);
	assert_int_equal(records('F'), MANY + 1);
	assert_int_equal(account_flush(fx_account, &more, NULL), 0);
	assert_true(more && records('F') < MANY && records('F') > 1);
	account_close(&fx_account);
	fx_store->flush_stop_ms = 0;
	store_free(&fx_store);
	fx_open_as("boot-1");
	assert_true(fx_account->behind);
	do
		assert_int_equal(account_flush(fx_account, &more, NULL), 0);
	while (more);
	assert_int_equal(records('F'), 1);
	assert_int_equal(records('M'), 1);
	assert_int_equal(records('D'), 0);
	assert_in_range(records('L'), log, log + 10);
	/* Directories that a process left are removed with the next one. */
	assert_int_equal(mailbox_delete(fx_account, SLICE("b"), NULL), 0);
	do
		assert_int_equal(account_flush(fx_account, &more, NULL), 0);
	while (more);
	assert_null(fx_file(".", "pabal.deleted"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_take_over),
		FX(test_interrupted),
		FX(test_in_the_background),
		FX(test_view_over_rebuild),
		FX(test_many_dropped),
		FX(test_deleted),
	};

	/* Thousands of files, of which no sync says anything. */
	if (access("/dev/shm", W_OK) == 0)
		fx_top = "/dev/shm";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
