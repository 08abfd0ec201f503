/* SPDX-License-Identifier: ISC */
/* Mailboxes that are too large to be taken in at once: nobody sees the half of
 * one as the whole, and what interrupts it costs no UID, flag or keyword. */
#include "store/handle.h"
#include "store/scan.h"

#include "tests/unit/store/fixture.h"

#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/filename.h"
#include "maildir/maildir.h"
#include "store/sync.h"
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

/* Of a mailbox that nobody has open too: each step goes on where the last one
 * ended. */
static void
test_folder_in_the_background(void **state)
{
	struct mailbox *m;
	unsigned calls = 0;
	bool more = true;

	(void)state;
	assert_int_equal(mailbox_create(fx_account, SLICE("b"), 0, NULL), 0);
	for (int i = 0; i < MANY; i++) {
		char name[64];

		snprintf(name, sizeof name, ".b/cur/%d.a.h:2,", 3000 + i);
		fx_write(name, "x\n");
	}
	m = fx_box("b");
	assert_true(sync_some(m));
	mailbox_close(&m);
	while (more && calls++ < MANY / 50)
		assert_int_equal(account_flush(fx_account, &more, NULL), 0);
	assert_false(more);
	m = fx_box("b");
	assert_int_equal(fx_status(m).messages, MANY);
	assert_false(sync_some(m));
	mailbox_close(&m);
	assert_null(LIST_FIRST(&fx_account->boxes));
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

/* As another process of ours: UID gets FLAGS, and its file the name that goes
 * with them. */
static void
flags_by_another(struct mailbox *m, uint32_t uid, unsigned flags)
{
	char to[IX_FILE_NAME];
	struct keyword_set none = { 0 };
	struct ix_hot hot;
	struct ix_msg msg;
	struct ix_box b;
	struct tx tx;

	assert_int_equal(sync_begin(m, TX_ROOM, &tx, &b, NULL), 0);
	assert_int_equal(ix_get_hot(tx.t, b.box, uid, &hot, NULL), FOUND);
	assert_int_equal(ix_get_msg(tx.t, b.box, uid, &msg, NULL), FOUND);
	assert_int_equal(
	    tx_change(&tx, &b, uid, &hot, hot.bits | flags, &none, NULL), 0);
	ix_file_name(to, &msg, &hot, uid);
	assert_int_equal(maildir_move(&m->dirs, ix_part(&hot), msg.file,
			     &m->dirs, MAILDIR_CUR, to, NULL),
	    FOUND);
	assert_true(slice_copy(slice_str(to), msg.file, sizeof msg.file));
	assert_int_equal(ix_put_msg(tx.t, b.box, uid, &msg, NULL), 0);
	assert_int_equal(ix_put_hot(tx.t, b.box, uid, &hot, NULL), 0);
	assert_int_equal(ix_put_box(tx.t, &b, NULL), 0);
	assert_int_equal(tx_commit(&tx, NULL), 0);
}

/* As another program: one more letter in the name. */
static void
flag_by_others(uint32_t uid)
{
	const int dirfd = open(fx_path("cur"), TREE_DIR_FLAGS);
	char part[32], to[300];
	const char *from;

	snprintf(part, sizeof part, ",U=%u:", uid);
	from = fx_file("cur", part);
	assert_non_null(from);
	snprintf(to, sizeof to, "%sF", from);
	assert_int_equal(renameat(dirfd, from, dirfd, to), 0);
	close(dirfd);
}

static void
remove_by_others(uint32_t uid)
{
	const int dirfd = open(fx_path("cur"), TREE_DIR_FLAGS);
	char part[32];

	snprintf(part, sizeof part, ",U=%u:", uid);
	assert_int_equal(unlinkat(dirfd, fx_file("cur", part), 0), 0);
	close(dirfd);
}

/* What happens between the steps of a scan, by us and by others, is neither
 * undone by what the scan has read before nor lost. */
static void
test_changes_between_steps(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	uint32_t last = 0;
	unsigned steps = 0;

	(void)state;
	for (int i = 0; i < MANY; i++)
		last = fx_append(m, "x\r\n", MSG_SEEN);
	assert_false(sync_some(m));
	flag_by_others(10);
	flag_by_others(MANY - 10);
	remove_by_others(12);
	fx_write("cur/1.new.h:2,S", "y\n");
	while (sync_some(m)) {
		const uint32_t uid = 100 + 20 * steps;

		flags_by_another(m, uid, MSG_ANSWERED);
		flags_by_another(m, MANY - uid, MSG_ANSWERED);
		flag_by_others(uid + 1);
		remove_by_others(uid + 2);
		assert_int_equal(
		    message_expunge(m, &(uint32_t){ uid + 3 }, 1, true, NULL),
		    0);
		fx_append(m, "z\r\n", MSG_SEEN);
		steps++;
	}
	assert_true(steps > 2);
	while (sync_some(m))
		;
	assert_int_equal(fx_info(m, 10).flags, MSG_SEEN | MSG_FLAGGED);
	assert_int_equal(fx_info(m, MANY - 10).flags, MSG_SEEN | MSG_FLAGGED);
	for (unsigned i = 0; i < steps; i++) {
		const uint32_t uid = 100 + 20 * i;

		assert_int_equal(
		    fx_info(m, uid).flags, MSG_SEEN | MSG_ANSWERED);
		assert_int_equal(
		    fx_info(m, MANY - uid).flags, MSG_SEEN | MSG_ANSWERED);
		assert_int_equal(
		    fx_info(m, uid + 1).flags, MSG_SEEN | MSG_FLAGGED);
	}
	/* 12 and two in each step went; one in each step and a file came. */
	assert_int_equal(fx_status(m).messages, MANY - steps);
	assert_int_equal(fx_status(m).uidnext, last + 1 + steps + 1);
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
	assert_int_equal(usage.used.messages, 1);
	assert_int_equal(usage.used.bytes, 3);
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

static unsigned
unnamed(void)
{
	DIR *dir = opendir(fx_path("cur"));
	struct dirent *de;
	unsigned n = 0;

	assert_non_null(dir);
	while ((de = readdir(dir)) != NULL)
		n += de->d_name[0] != '.' && strstr(de->d_name, ",U=") == NULL;
	closedir(dir);
	return n;
}

/* The process is killed: names do not follow. */
static void
kill_store(void)
{
	account_close(&fx_account);
	fx_store->flush_stop_ms = 0;
	store_free(&fx_store);
}

static void
reopen_without_index(void)
{
	kill_store();
	tree_remove(fx_root, "d/u/pabal.index");
	fx_open_as("boot-1");
}

/* All is taken in, and nothing but pabal-uids says what the UIDs are. */
static struct mailbox *
take_in_unnamed(void)
{
	struct mailbox *m;

	foreign_account();
	m = fx_box("INBOX");
	while (sync_some(m))
		;
	check_all(m, 0);
	assert_int_equal(unlinkat(fx_root, "d/u/dovecot-uidlist", 0), 0);
	assert_true(unnamed() > 0);
	assert_int_equal(access(fx_path("pabal-uids"), F_OK), 0);
	return m;
}

static void
check_named(struct mailbox *m, unsigned others)
{
	bool more = true;

	while (more)
		assert_int_equal(account_flush(fx_account, &more, NULL), 0);
	check_all(m, others);
	assert_int_equal(unnamed(), 0);
	assert_int_equal(access(fx_path("pabal-uids"), F_OK), -1);
}

/* Two processes take in the same mailbox, by turns: no file becomes two
 * messages. */
static void
test_two_at_once(void **state)
{
	struct scan *other = NULL;
	struct mailbox *m;
	unsigned steps = 0;

	(void)state;
	foreign_account();
	assert_int_equal(unlinkat(fx_root, "d/u/dovecot-uidlist", 0), 0);
	kill_store();
	tree_remove(fx_root, "d/u/pabal.index");
	fx_open_as("boot-1");
	m = fx_box("INBOX");
	for (bool more = true; more || other != NULL; steps++) {
		struct scan *mine = m->scan;

		m->scan = other;
		other = mine;
		more = sync_some(m);
	}
	assert_true(steps > 6);
	assert_int_equal(fx_status(m).messages, MANY);
	while (account_flush(fx_account, &(bool){ false }, NULL) == 0 &&
	       unnamed() > 0)
		;
	assert_int_equal(fx_status(m).messages, MANY);
	mailbox_close(&m);
}

/* Names follow when all is there; until they do, UIDs outlive the index, and
 * lines that a killed process left behind mean nothing. */
static void
test_names_later(void **state)
{
	struct mailbox *m = take_in_unnamed();
	FILE *f = fopen(fx_path("pabal-uids"), "ae");

	(void)state;
	assert_non_null(f);
	fputs("9999 5000.M0.h", f);
	assert_int_equal(fclose(f), 0);
	mailbox_close(&m);
	for (int i = 0; i < 2; i++) {
		reopen_without_index();
		m = fx_box("INBOX");
		while (sync_some(m))
			;
		check_all(m, 0);
		assert_true(unnamed() > 0);
		mailbox_close(&m);
	}
	m = fx_box("INBOX");
	check_named(m, 0);
	mailbox_close(&m);
	/* And from the names. */
	reopen_without_index();
	m = fx_box("INBOX");
	while (sync_some(m))
		;
	check_all(m, 0);
	mailbox_close(&m);
}

/* What others and we do meanwhile: a file that has no name of ours yet is known
 * by its old one. */
static void
test_changes_before_names(void **state)
{
	struct mailbox *m = take_in_unnamed();
	uint32_t uid;
	bool more;

	(void)state;
	/* A mail program takes the mark of one and sets it at another. */
	assert_int_equal(
	    rename(fx_path("cur/5000.M0.h:2,S"), fx_path("cur/5000.M0.h:2,FS")),
	    0);
	fx_write("cur/9000.M1.other:2,", "x\n");
	assert_int_equal(unlink(fx_path("cur/4990.M10.h:2,S")), 0);
	while (mailbox_sync_some(m, true, &more, NULL) == 0 && more)
		;
	assert_int_equal(fx_status(m).messages, MANY);
	uid = fx_status(m).uidnext - 1;
	assert_true(uid >= 2 * MANY + 7);
	assert_int_equal(fx_info(m, 7).flags, MSG_SEEN | MSG_FLAGGED);
	fx_flags(m, 9, FLAGS_ADD, MSG_FLAGGED, "");
	fx_flags(m, uid, FLAGS_ADD, MSG_SEEN, "");
	fx_write("cur/4990.M10.h:2,S", "x\n");
	mailbox_close(&m);
	kill_store();
	fx_open_as("boot-1");
	/* Its UID is spent where it was said to be gone. */
	m = fx_box("INBOX");
	while (mailbox_sync_some(m, true, &more, NULL) == 0 && more)
		;
	assert_int_equal(fx_status(m).messages, MANY + 1);
	assert_int_equal(fx_status(m).uidnext, uid + 2);
	while (account_flush(fx_account, &more, NULL) == 0 && more)
		;
	assert_int_equal(unnamed(), 0);
	assert_int_equal(access(fx_path("pabal-uids"), F_OK), -1);
	assert_int_equal(fx_info(m, 9).flags, MSG_SEEN | MSG_FLAGGED);
	assert_non_null(fx_file("cur", "M0.h,S=2,W=3,U=7:2,FS"));
	mailbox_close(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_take_over),
		FX(test_interrupted),
		FX(test_in_the_background),
		FX(test_folder_in_the_background),
		FX(test_view_over_rebuild),
		FX(test_many_dropped),
		FX(test_changes_between_steps),
		FX(test_deleted),
		FX(test_two_at_once),
		FX(test_names_later),
		FX(test_changes_before_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
