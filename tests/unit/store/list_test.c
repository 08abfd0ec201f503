/* SPDX-License-Identifier: ISC */
#include "store/mailbox.h"

#include "tests/unit/store/fixture.h"

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

	return mailbox_rename(
		   fx_account, slice_str(from), slice_str(to), &err) == 0
		   ? ERR_NONE
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
test_fresh_account(void **state)
{
	struct stat sb;

	(void)state;
	expect_list(false, "INBOX Archive+* Drafts+* Junk+* Sent+* Trash+* ");
	expect_list(true, "Archive+* Drafts+* Junk+* Sent+* Trash+* ");
	assert_int_equal(stat(fx_path(".Sent/maildirfolder"), &sb), 0);
	assert_int_equal(stat(fx_path(".Sent/tmp"), &sb), 0);
	assert_int_equal(store_account_create(fx_store, "d/u", NULL), 0);
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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_fresh_account),
		FX(test_create),
		FX(test_delete),
		FX(test_rename),
		FX(test_rename_inbox),
		FX(test_folded),
		FX(test_subscribe),
		FX(test_made_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
