/* SPDX-License-Identifier: ISC */
#include "store/mailbox.h"
#include "store/mailbox_id.h"
#include "store/mailbox_made.h"

#include "maildir/filename.h"
#include "tests/unit/store/fixture.h"

#include <sys/wait.h>

#define MAIL "Subject: x\r\n\r\n"

static bool
on_info(void *arg, const struct mailbox_info *info)
{
	struct buf *out = arg;

	buf_addf(out, "%.*s%s%s%s%s ", SLICE_FMT(info->name),
	    info->exists ? "" : "!", info->subscribed ? "+" : "",
	    info->children ? ">" : "", info->special != 0 ? "*" : "");
	return true;
}

static void
expect_list(bool subscribed, const char *want)
{
	struct err err = { 0 };
	struct buf out;

	buf_init(&out, 4096);
	if (mailbox_list(fx_account, subscribed, on_info, &out, &err) == -1)
		fail_msg("%s", err.text);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static enum err_class
create(const char *name)
{
	struct err err = { 0 };

	return mailbox_create(fx_account, slice_str(name), 0, &err) == 0
		   ? ERR_NONE
		   : err.class;
}

static enum err_class
rename_box(const char *from, const char *to)
{
	struct err err = { 0 };

	return fx_rename(slice_str(from), slice_str(to), &err) == 0 ? ERR_NONE
								    : err.class;
}

static enum err_class
delete_box(const char *name)
{
	struct err err = { 0 };

	return mailbox_delete(fx_account, slice_str(name), &err) == 0
		   ? ERR_NONE
		   : err.class;
}

static void
lose_index(void)
{
	fx_close();
	tree_remove(AT_FDCWD, fx_path("pabal.index"));
	fx_open_as("boot-1");
}

#define DEFAULTS "Archive+* Drafts+* Junk+* Sent+* Trash+* "

static bool
on_disk(const char *rel)
{
	struct stat sb;

	return stat(fx_path(rel), &sb) == 0;
}

/* Files and directories below PATH, and their bytes on disk, are counted. */
static void
weigh(const char *path, unsigned *inodes, int64_t *bytes)
{
	const struct dirent *de;
	struct stat sb;
	DIR *dir;

	assert_int_equal(lstat(path, &sb), 0);
	++*inodes;
	*bytes += sb.st_blocks * 512;
	if (!S_ISDIR(sb.st_mode))
		return;
	dir = opendir(path);
	while ((de = readdir(dir)) != NULL) {
		char sub[1400];

		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		snprintf(sub, sizeof sub, "%s/%s", path, de->d_name);
		weigh(sub, inodes, bytes);
	}
	closedir(dir);
}

/* All below PATH to nobody, but for what is called BUT. */
static void
give_away(const char *path, const char *but)
{
	const struct dirent *de;
	DIR *dir = opendir(path);

	assert_int_equal(chown(path, 65534, 65534), 0);
	if (dir == NULL)
		return;
	while ((de = readdir(dir)) != NULL) {
		char sub[1400];

		snprintf(sub, sizeof sub, "%s/%s", path, de->d_name);
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0 &&
		    strcmp(de->d_name, but) != 0)
			give_away(sub, but);
	}
	closedir(dir);
}

static void
test_fresh_account(void **state)
{
	struct account *a;
	unsigned inodes = 0;
	int64_t bytes = 0;
	char path[600];

	(void)state;
	expect_list(false, "INBOX " DEFAULTS);
	expect_list(true, DEFAULTS);
	assert_false(on_disk(".Sent"));
	assert_int_equal(store_account_create(fx_store, "d/u", NULL), 0);
	/* A hundred thousand of them are ordinary. */
	assert_int_equal(store_account_create(fx_store, "d/v", NULL), 0);
	snprintf(path, sizeof path, "%s/d/v", fx_dir);
	weigh(path, &inodes, &bytes);
	assert_true(inodes <= 8);
	assert_true(bytes <= 16384);
	/* In every way. */
	assert_int_equal(store_account_open(fx_store, "d/w", &a, NULL), ABSENT);
	assert_int_equal(
	    store_account_ensure(fx_store, "d/w", &a, NULL), FOUND);
	account_close(&a);
	assert_int_equal(
	    store_account_ensure(fx_store, "d/../w", &a, NULL), TEMPFAIL);
}

/* On disk when it is used for the first time, however. */
static void
test_default_mailboxes(void **state)
{
	struct mailbox *m;

	(void)state;
	m = fx_box("Sent");
	assert_int_equal(fx_status(m).special, MAILBOX_SENT);
	assert_true(on_disk(".Sent/maildirfolder") && on_disk(".Sent/tmp"));
	assert_false(on_disk(".Trash"));
	mailbox_close(&m);
	assert_int_equal(
	    mailbox_open_folded(fx_account, SLICE("jUNK"), &m, NULL), FOUND);
	assert_true(slice_is(mailbox_name(m), "Junk"));
	mailbox_close(&m);
	assert_int_equal(
	    mailbox_open(fx_account, SLICE("trash"), &m, NULL), ABSENT);
	assert_int_equal(create("Trash"), ERR_PERM);
	assert_int_equal(create("Trash/2025"), ERR_NONE);
	assert_int_equal(rename_box("Trash/2025", "Archive"), ERR_PERM);
	/* Another program's directory counts. */
	assert_int_equal(mkdir(fx_path(".Drafts"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".Drafts/cur"), 0700), 0);
	m = fx_box("Drafts");
	assert_int_equal(fx_status(m).special, MAILBOX_DRAFTS);
	mailbox_close(&m);
	expect_list(false, "INBOX Archive+* Drafts+* Junk+* Sent+* Trash+>* "
			   "Trash/2025 ");
}

/* Who deletes or renames one does not want it back. */
static void
test_default_mailboxes_hidden(void **state)
{
	struct mailbox *m;

	(void)state;
	assert_false(mailbox_is_made(fx_account, SLICE("Junk")));
	assert_int_equal(access(fx_path(".Junk"), F_OK), -1);
	m = fx_box("Junk");
	mailbox_close(&m);
	assert_true(mailbox_is_made(fx_account, SLICE("Junk")));
	assert_int_equal(delete_box("Junk"), ERR_NONE);
	assert_false(mailbox_is_made(fx_account, SLICE("Junk")));
	assert_int_equal(delete_box("Drafts"), ERR_NONE);
	assert_int_equal(delete_box("Drafts"), ERR_PERM);
	assert_int_equal(rename_box("Sent", "Gone out"), ERR_NONE);
	for (int i = 0; i < 2; i++) {
		expect_list(false, "INBOX Archive+* Gone out* Trash+* ");
		expect_list(true, "Archive+* Trash+* ");
		assert_int_equal(
		    mailbox_open(fx_account, SLICE("Drafts"), &m, NULL),
		    ABSENT);
		lose_index();
	}
	assert_int_equal(create("Drafts"), ERR_NONE);
	expect_list(false, "INBOX Archive+* Drafts Gone out* Trash+* ");
}

static void
test_create(void **state)
{
	(void)state;
	assert_int_equal(create("A/B/C"), ERR_NONE);
	assert_int_equal(create("A/B/C"), ERR_PERM);
	assert_int_equal(create("inbox"), ERR_PERM);
	assert_int_equal(create("Inbox/x"), ERR_NONE);
	assert_int_equal(create("a.b"), ERR_NONE);
	assert_int_equal(create("bad//name"), ERR_PERM);
	assert_int_equal(create(""), ERR_PERM);
	expect_list(false, "INBOX> INBOX/x A!> A/B!> A/B/C Archive+* Drafts+* "
			   "Junk+* Sent+* Trash+* a.b ");
	assert_int_equal(access(fx_path(".A.B.C/cur"), F_OK), 0);
	assert_int_equal(create("A"), ERR_NONE);
	assert_int_equal(delete_box("A/B/C"), ERR_NONE);
	assert_int_equal(access(fx_path(".A.B.C"), F_OK), -1);
	expect_list(false, "INBOX> INBOX/x A Archive+* Drafts+* "
			   "Junk+* Sent+* Trash+* a.b ");
}

static void
test_delete(void **state)
{
	struct mailbox *m, *old;
	uint32_t uidvalidity;

	(void)state;
	assert_int_equal(create("X"), ERR_NONE);
	/* What a crash left of a deletion goes with the next one. */
	assert_int_equal(mkdir(fx_path("pabal.deleted.0"), 0700), 0);
	fx_write("pabal.deleted.0/file", "x");
	m = fx_box("X");
	uidvalidity = fx_status(m).uidvalidity;
	fx_append(m, MAIL, 0);
	assert_int_equal(delete_box("x"), ERR_PERM);
	assert_int_equal(delete_box("INBOX"), ERR_PERM);
	assert_int_equal(delete_box("X"), ERR_NONE);
	assert_int_equal(delete_box("X"), ERR_PERM);
	assert_int_equal(
	    mailbox_status(m, &(struct mailbox_status){ 0 }, NULL), -1);
	old = m;
	assert_int_equal(create("X"), ERR_NONE);
	m = fx_box("X");
	assert_false(mailbox_same(m, old));
	assert_int_equal(fx_status(m).messages, 0);
	assert_true(fx_status(m).uidvalidity > uidvalidity);
	assert_null(fx_file("", "pabal.deleted"));
	mailbox_close(&old);
	mailbox_close(&m);
}

static void
test_rename(void **state)
{
	struct mailbox *m, *n;
	struct mailbox_status before, after;

	(void)state;
	assert_int_equal(create("A"), ERR_NONE);
	assert_int_equal(create("A/B"), ERR_NONE);
	assert_int_equal(create("AB"), ERR_NONE);
	m = fx_box("A/B");
	fx_append(m, MAIL, MSG_SEEN);
	before = fx_status(m);
	assert_int_equal(rename_box("A", "A/C"), ERR_PERM);
	assert_int_equal(rename_box("A", "Sent"), ERR_PERM);
	assert_int_equal(rename_box("A", "INBOX"), ERR_PERM);
	assert_int_equal(rename_box("nowhere", "Y"), ERR_PERM);
	assert_int_equal(rename_box("A", "Y/Z"), ERR_NONE);
	n = fx_box("Y/Z/B");
	assert_true(mailbox_same(m, n));
	after = fx_status(n);
	assert_int_equal(after.uidvalidity, before.uidvalidity);
	assert_string_equal(after.id, before.id);
	assert_int_equal(after.messages, 1);
	assert_true(slice_is(mailbox_name(n), "Y/Z/B"));
	assert_int_equal(fx_append(n, MAIL, 0), 2);
	expect_list(false, "INBOX AB Archive+* Drafts+* Junk+* Sent+* Trash+* "
			   "Y!> Y/Z> Y/Z/B ");
	assert_int_equal(rename_box("Sent", "Sent Mail"), ERR_NONE);
	mailbox_close(&n);
	n = fx_box("Sent Mail");
	assert_int_equal(fx_status(n).special, MAILBOX_SENT);
	mailbox_close(&m);
	mailbox_close(&n);
}

/* RFC 3501 6.3.5: INBOX is emptied into the new one, and stays. */
static void
test_rename_inbox(void **state)
{
	struct mailbox *m = fx_box("INBOX"), *n;

	(void)state;
	for (int i = 0; i < 120; i++)
		fx_append(m, MAIL, 0);
	assert_int_equal(rename_box("inbox", "Old"), ERR_NONE);
	n = fx_box("Old");
	assert_int_equal(fx_status(m).messages, 0);
	assert_int_equal(fx_status(n).messages, 120);
	mailbox_close(&m);
	mailbox_close(&n);
}

static void
test_folded(void **state)
{
	struct mailbox *a, *b;

	(void)state;
	assert_int_equal(create("work"), ERR_NONE);
	assert_int_equal(create("WORK"), ERR_NONE);
	assert_int_equal(create("A/Bee"), ERR_NONE);
	assert_int_equal(
	    mailbox_open_folded(fx_account, SLICE("WORK"), &a, NULL), FOUND);
	b = fx_box("WORK");
	assert_true(mailbox_same(a, b));
	mailbox_close(&a);
	mailbox_close(&b);
	assert_int_equal(
	    mailbox_open_folded(fx_account, SLICE("a/bEE"), &a, NULL), FOUND);
	assert_true(slice_is(mailbox_name(a), "A/Bee"));
	mailbox_close(&a);
	assert_int_equal(
	    mailbox_open_folded(fx_account, SLICE("none"), &a, NULL), ABSENT);
	assert_null(a);
	assert_int_equal(
	    mailbox_open_folded(fx_account, SLICE("/"), &a, NULL), ABSENT);
}

static void
test_subscribe(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(
	    mailbox_subscribe(fx_account, SLICE("Gone/away"), true, &err), 0);
	assert_int_equal(
	    mailbox_subscribe(fx_account, SLICE("Sent"), false, &err), 0);
	assert_int_equal(
	    mailbox_subscribe(fx_account, SLICE("Sent"), false, &err), 0);
	expect_list(true, "Archive+* Drafts+* Gone/away!+ Junk+* Trash+* ");
	expect_list(false, "INBOX Archive+* Drafts+* Junk+* Sent* Trash+* ");
	/* A file of Dovecot's older kind stays one. */
	fx_write("subscriptions", "INBOX\nA.B\n");
	expect_list(true, "INBOX+ A/B!+ ");
	assert_int_equal(
	    mailbox_subscribe(fx_account, SLICE("C/D"), true, &err), 0);
	expect_list(true, "INBOX+ A/B!+ C/D!+ ");
}

/* Folders made, renamed, copied and removed by hand. */
static void
test_made_by_hand(void **state)
{
	struct mailbox *a, *b;

	(void)state;
	assert_int_equal(mkdir(fx_path(".Hand"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".Hand/cur"), 0700), 0);
	fx_write(".Hand/cur/1.a.h:2,S", "x\n");
	fx_write(".nodir", "a file");
	assert_int_equal(symlink("/etc", fx_path(".Link")), 0);
	expect_list(
	    false, "INBOX Archive+* Drafts+* Hand Junk+* Sent+* Trash+* ");
	a = fx_box("Hand");
	assert_int_equal(fx_status(a).messages, 1);
	assert_int_equal(fx_append(a, MAIL, 0), 2);
	assert_int_equal(rename(fx_path(".Hand"), fx_path(".Moved")), 0);
	b = fx_box("Moved");
	assert_int_equal(fx_status(b).messages, 2);
	assert_non_null(fx_file(".Moved/cur", ",U=1:2,S"));
	mailbox_close(&a);
	mailbox_close(&b);
	tree_remove(AT_FDCWD, fx_path(".Moved"));
	expect_list(false, "INBOX Archive+* Drafts+* Junk+* Sent+* Trash+* ");
}

/* Flags that are in the index only survive a RENAME that was killed half way,
 * and one by another program. */
static void
test_renamed_by_hand_keeps_records(void **state)
{
	struct mailbox *m;
	struct mailbox_status before;

	(void)state;
	assert_int_equal(create("A"), ERR_NONE);
	m = fx_box("A");
	before = fx_status(m);
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, "kw");
	mailbox_close(&m);
	assert_int_equal(rename(fx_path(".A"), fx_path(".B")), 0);
	m = fx_box("B");
	assert_int_equal(fx_info(m, 1).flags, MSG_FLAGGED);
	assert_string_equal(fx_keywords(m, 1), "kw");
	assert_string_equal(fx_status(m).id, before.id);
	assert_int_equal(fx_status(m).uidvalidity, before.uidvalidity);
	expect_list(false, "INBOX Archive+* B Drafts+* Junk+* Sent+* Trash+* ");
	mailbox_close(&m);
}

/* A parent and its children, or none of them. */
static void
test_rename_all_or_nothing(void **state)
{
	struct mailbox *m;

	(void)state;
	assert_int_equal(create("p"), ERR_NONE);
	assert_int_equal(create("p/k"), ERR_NONE);
	m = fx_box("p");
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, MSG_SEEN, "");
	fx_write(".q.k", "in the way");
	assert_int_equal(rename_box("p", "q"), ERR_TEMP);
	expect_list(false, "INBOX Archive+* Drafts+* Junk+* Sent+* Trash+* p> "
			   "p/k ");
	assert_int_equal(fx_info(m, 1).flags, MSG_SEEN);
	assert_int_equal(fx_append(m, MAIL, 0), 2);
	assert_int_equal(unlink(fx_path(".q.k")), 0);
	assert_int_equal(rename_box("p", "q"), ERR_NONE);
	assert_int_equal(fx_info(m, 1).flags, MSG_SEEN);
	mailbox_close(&m);
}

static uint32_t
uidvalidity_of(const char *name)
{
	struct mailbox *m = fx_box(name);
	const uint32_t n = fx_status(m).uidvalidity;

	mailbox_close(&m);
	return n;
}

/* Many at once run ahead of the clock, which stands for one that was set back:
 * neither a lost index nor a deletion by hand makes one come again. */
static void
test_uidvalidity_never_twice(void **state)
{
	uint32_t high, inbox = uidvalidity_of("INBOX");
	char name[16];

	(void)state;
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof name, "b%d", i);
		assert_int_equal(create(name), ERR_NONE);
	}
	high = uidvalidity_of("b29");
	assert_int_equal(delete_box("b29"), ERR_NONE);
	lose_index();
	assert_int_equal(create("b29"), ERR_NONE);
	assert_true(uidvalidity_of("b29") > high);
	high = uidvalidity_of("b29");
	tree_remove(AT_FDCWD, fx_path(".b29"));
	lose_index();
	/* A directory of another program gets one of ours. */
	assert_int_equal(mkdir(fx_path(".b29"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".b29/cur"), 0700), 0);
	assert_true(uidvalidity_of("b29") > high);
	assert_int_equal(uidvalidity_of("INBOX"), inbox);
}

/* Another server's value at the end of the range is kept for its mailbox, and
 * nothing is counted from it. */
static void
test_uidvalidity_of_others(void **state)
{
	(void)state;
	assert_int_equal(mkdir(fx_path(".Far"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".Far/cur"), 0700), 0);
	fx_write(".Far/dovecot-uidlist", "3 V4294967295 N5 G0123456789abcdef"
					 "0123456789abcdef\n");
	assert_int_equal(uidvalidity_of("Far"), UINT32_MAX);
	assert_int_equal(create("Near"), ERR_NONE);
	assert_true(uidvalidity_of("Near") < UINT32_MAX / 2);
	lose_index();
	assert_int_equal(uidvalidity_of("Far"), UINT32_MAX);
	assert_int_equal(create("Nearer"), ERR_NONE);
	assert_true(uidvalidity_of("Nearer") < UINT32_MAX / 2);
}

/* A directory that root made hides itself, and nothing else. */
static void
test_not_the_owners(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(create("A"), ERR_NONE);
	assert_int_equal(mkdir(fx_path(".x"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".x/cur"), 0700), 0);
	if (geteuid() != 0) {
		assert_int_equal(chmod(fx_path(".x"), 0500), 0);
		expect_list(false, "INBOX A " DEFAULTS);
		assert_int_equal(rename_box("A", "B"), ERR_NONE);
		assert_int_equal(chmod(fx_path(".x"), 0700), 0);
		expect_list(false, "INBOX "
				   "Archive+* B Drafts+* Junk+* "
				   "Sent+* Trash+* x ");
		return;
	}
	/* Root may all: somebody else looks. */
	fx_close();
	give_away(fx_dir, ".x");
	pid = fork();
	if (pid == 0) {
		if (setresgid(65534, 65534, 65534) == -1 ||
		    setresuid(65534, 65534, 65534) == -1)
			_exit(2);
		fx_open_as("boot-1");
		expect_list(false, "INBOX A " DEFAULTS);
		assert_int_equal(rename_box("A", "B"), ERR_NONE);
		expect_list(false, "INBOX "
				   "Archive+* B Drafts+* Junk+* "
				   "Sent+* Trash+* ");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fx_open_as("boot-1");
}

/* As it was selected, for who comes back to it. */
static void
test_found_by_id(void **state)
{
	struct mailbox_status st;
	struct mailbox *m;
	char id[MAILBOX_ID_SIZE];

	(void)state;
	assert_int_equal(create("a"), ERR_NONE);
	assert_int_equal(create("b"), ERR_NONE);
	assert_int_equal(mailbox_open(fx_account, SLICE("a"), &m, NULL), FOUND);
	assert_int_equal(mailbox_status(m, &st, NULL), 0);
	memcpy(id, st.id, sizeof id);
	mailbox_close(&m);
	assert_int_equal(rename_box("a", "c"), ERR_NONE);
	assert_int_equal(create("a"), ERR_NONE);
	assert_int_equal(
	    mailbox_open_id(fx_account, slice_str(id), &m, NULL), FOUND);
	assert_true(slice_is(mailbox_name(m), "c"));
	mailbox_close(&m);
	assert_int_equal(delete_box("c"), ERR_NONE);
	assert_int_equal(
	    mailbox_open_id(fx_account, slice_str(id), &m, NULL), ABSENT);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_fresh_account),
		FX(test_default_mailboxes),
		FX(test_default_mailboxes_hidden),
		FX(test_create),
		FX(test_delete),
		FX(test_rename),
		FX(test_rename_inbox),
		FX(test_folded),
		FX(test_found_by_id),
		FX(test_subscribe),
		FX(test_made_by_hand),
		FX(test_renamed_by_hand_keeps_records),
		FX(test_rename_all_or_nothing),
		FX(test_uidvalidity_never_twice),
		FX(test_uidvalidity_of_others),
		FX(test_not_the_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
