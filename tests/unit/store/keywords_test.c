/* SPDX-License-Identifier: ISC */
/* Keywords beyond the letters of file names: kept by index and file, through
 * copy, move, append and the loss of the index; freed when nobody has them. */
#include "fixture.h"

#include <sys/wait.h>

#include "base/mem.h"
#include "index/ix.h"
#include "maildir/filename.h"
#include "maildir/kwfile.h"
#include "tests/fault.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

/* "PREFIX00 PREFIX01 ...", N of them. */
static const char *
many(char *out, size_t size, const char *prefix, unsigned n)
{
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s%02u",
		    i > 0 ? " " : "", prefix, i);
	return out;
}

static void
rebuild(void)
{
	struct err err = { 0 };

	if (account_rebuild(fx_account, &err) == -1)
		fail_msg("%s", err.text);
}

/* As a user who removes it. */
static void
lose_index(void)
{
	fx_flush();
	fx_close();
	tree_remove(fx_root, "d/u/pabal.index");
	fx_open_as("boot-1");
}

static int
try_flags(
    struct mailbox *m, uint32_t uid, const char *keywords, struct err *err)
{
	const struct flags_change c = { .op = FLAGS_ADD,
		.keywords = slice_str(keywords),
		.unchanged_since = UINT64_MAX };
	uint64_t from, to;

	return message_flags(m, &uid, 1, &c, NULL, &from, &to, err);
}

static void
read_file(const char *rel, char *out, size_t size)
{
	FILE *f = fopen(fx_path(rel), "re");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	fclose(f);
}

static bool
exists(const char *rel)
{
	return access(fx_path(rel), F_OK) == 0;
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	struct copy_result *out = arg;

	*out = *r;
	out->pairs = NULL;
}

static struct copy_result
copy(struct mailbox *from, uint32_t uid, struct mailbox *to, bool move)
{
	struct copy_result r;

	message_copy(from, &uid, 1, to, move, on_copied, &r);
	return r;
}

static void
test_beyond_the_letters(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char names[4096], text[4096];

	(void)state;
	fx_append(m, MAIL, 0);
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, MSG_SEEN, many(names, sizeof names, "a", 26));
	fx_flush();
	assert_false(exists("pabal-keywords"));
	many(names, sizeof names, "a", 60);
	fx_flags(m, 1, FLAGS_ADD, 0, names);
	assert_string_equal(fx_keywords(m, 1), names);
	assert_string_equal(fx_keywords(m, 2), "");
	fx_flags(m, 2, FLAGS_SET, 0, "A59");
	fx_flush();
	assert_non_null(fx_file("cur", ",U=1:2,Sabcdefghijklmnopqrstuvwxyz"));
	read_file("pabal-keywords", text, sizeof text);
	assert_true(strncmp(text, "pabal-keywords 1\n1 ", 19) == 0);
	assert_non_null(strstr(text, " a26 a27 "));
	assert_null(strstr(text, " a25"));
	rebuild();
	assert_string_equal(fx_keywords(m, 1), names);
	assert_string_equal(fx_keywords(m, 2), "a59");
	assert_int_equal(fx_info(m, 1).flags, MSG_SEEN);
	/* What was taken off does not come back. */
	fx_flags(m, 1, FLAGS_DEL, 0, "a58 a01");
	fx_flags(m, 2, FLAGS_SET, 0, "");
	mailbox_close(&m);
	lose_index();
	m = fx_box("INBOX");
	assert_null(strstr(fx_keywords(m, 1), "a58"));
	assert_null(strstr(fx_keywords(m, 1), "a01"));
	assert_non_null(strstr(fx_keywords(m, 1), "a57 a59"));
	assert_string_equal(fx_keywords(m, 2), "");
	mailbox_close(&m);
}

/* The target's letters are all taken, and by others. */
static void
test_copy_move_append(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Archive");
	struct append_info info = { .flags = MSG_FLAGGED };
	char names[4096], others[4096];

	(void)state;
	many(names, sizeof names, "a", 50);
	fx_append(to, MAIL, 0);
	fx_flags(to, 1, FLAGS_ADD, 0, many(others, sizeof others, "b", 26));
	info.keywords = slice_str(names);
	assert_int_equal(fx_try_append(m, MAIL, &info, NULL), 1);
	assert_string_equal(fx_keywords(m, 1), names);
	assert_int_equal(copy(m, 1, to, false).rc, 0);
	assert_int_equal(copy(m, 1, m, false).rc, 0);
	fx_flags(m, 1, FLAGS_DEL, 0, "a49"); /* not flushed */
	assert_int_equal(copy(m, 1, to, true).rc, 0);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(fx_keywords(to, 1), others);
		assert_string_equal(fx_keywords(to, 2), names);
		assert_string_equal(fx_keywords(m, 2), names);
		many(others, sizeof others, "a", 49);
		assert_string_equal(fx_keywords(to, 3), others);
		many(others, sizeof others, "b", 26);
		rebuild();
	}
	mailbox_close(&m);
	mailbox_close(&to);
}

/* The file goes with its mailbox. */
static void
test_rename(void **state)
{
	struct mailbox *m = fx_box("Archive");
	char names[4096];

	(void)state;
	many(names, sizeof names, "a", 50);
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, 0, names);
	fx_flush();
	mailbox_close(&m);
	assert_int_equal(
	    fx_rename(SLICE("Archive"), SLICE("renamed"), NULL), 0);
	for (int i = 0; i < 2; i++) {
		m = fx_box("renamed");
		assert_string_equal(fx_keywords(m, 1), names);
		mailbox_close(&m);
		lose_index();
	}
}

static void
test_freed(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	const struct flags_change add = { .op = FLAGS_ADD,
		.keywords = SLICE("x"),
		.unchanged_since = UINT64_MAX };
	const uint32_t gone = 99;
	char names[8192], text[100];
	uint64_t from, to;
	struct view *v;

	(void)state;
	fx_append(m, MAIL, 0);
	/* Nobody is there to have it. */
	assert_int_equal(
	    message_flags(m, &gone, 1, &add, NULL, &from, &to, NULL), 0);
	assert_int_equal(fx_keyword(m, "x"), -1);
	assert_false(exists("dovecot-keywords"));
	fx_flags(m, 1, FLAGS_ADD, 0, many(names, sizeof names, "a", 400));
	fx_flush();
	assert_true(exists("pabal-keywords"));
	fx_flags(m, 1, FLAGS_SET, 0, "a30 a300");
	/* Letters that names still show are not given to others. */
	fx_flags(m, 1, FLAGS_ADD, 0, "new");
	assert_true(fx_keyword(m, "new") >= KEYWORD_LETTERS);
	fx_flush();
	v = view_open(m, 0, NULL);
	view_close(&v);
	assert_int_equal(mailbox_keywords(m)->used, 3);
	fx_flags(m, 1, FLAGS_ADD, 0, "$Junk");
	assert_int_equal(fx_keyword(m, "$Junk"), 0);
	read_file("dovecot-keywords", text, sizeof text);
	assert_string_equal(text, "0 $Junk\n");
	fx_flags(m, 1, FLAGS_SET, 0, "$Junk");
	fx_flush();
	v = view_open(m, 0, NULL);
	view_close(&v);
	assert_int_equal(mailbox_keywords(m)->used, 1);
	assert_false(exists("pabal-keywords"));
	rebuild();
	assert_string_equal(fx_keywords(m, 1), "$Junk");
	mailbox_close(&m);
}

/* One who only looks frees nothing. */
static void
test_free_readonly(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view *v;

	(void)state;
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, 0, "one");
	fx_flags(m, 1, FLAGS_SET, 0, "");
	v = view_open(m, VIEW_READONLY, NULL);
	view_close(&v);
	assert_int_equal(fx_keyword(m, "one"), 0);
	mailbox_close(&m);
}

static void
test_limits(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Archive");
	static char names[1 << 16];
	struct append_info info = { .keywords = SLICE("one-too-many") };
	struct copy_result r;
	enum err_class class;
	struct err err = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		fx_append(m, MAIL, 0);
	/* A name that cannot be one, or too many: nothing is left behind. */
	assert_int_equal(try_flags(m, 5, "good b(d", &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	many(names, sizeof names, "y", KEYWORDS_PER_MESSAGE + 1);
	assert_int_equal(try_flags(m, 5, names, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(mailbox_keywords(m)->used, 0);
	for (unsigned i = 0; i < 4; i++) {
		char prefix[2] = { (char)('a' + i), '\0' };

		many(names, sizeof names, prefix, KEYWORDS_PER_MESSAGE);
		fx_flags(m, i + 1, FLAGS_ADD, 0, names);
	}
	assert_int_equal(mailbox_keywords(m)->used, KEYWORDS_MAX);
	assert_int_equal(try_flags(m, 1, "one-too-many", &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(fx_keywords(m, 5), "");
	assert_int_equal(fx_try_append(m, MAIL, &info, &class), 0);
	assert_int_equal(class, ERR_PERM);
	/* What does not fit is not copied without its keywords. */
	info.keywords = SLICE("other");
	assert_int_equal(fx_try_append(to, MAIL, &info, NULL), 1);
	r = copy(to, 1, m, true);
	assert_int_equal(r.rc, -1);
	assert_int_equal(r.err.code, ERR_LIMIT);
	assert_string_equal(fx_keywords(to, 1), "other");
	/* The last one makes room for the next. */
	fx_flags(m, 4, FLAGS_DEL, 0, "d511");
	fx_flags(m, 5, FLAGS_ADD, 0, "fits");
	assert_string_equal(fx_keywords(m, 5), "fits");
	rebuild();
	assert_string_equal(fx_keywords(m, 5), "fits");
	assert_int_equal(mailbox_keywords(m)->used, KEYWORDS_MAX);
	mailbox_close(&m);
	mailbox_close(&to);
}

/* The last line was not written to its end: it is none, and what is written
 * next stands in a line of its own. */
static void
test_torn_line(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char names[4096], text[8192];
	FILE *f;

	(void)state;
	fx_append(m, MAIL, 0);
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, 0, many(names, sizeof names, "a", 30));
	fx_flush();
	f = fopen(fx_path("pabal-keywords"), "ae");
	assert_non_null(f);
	fputs("1 torn a27", f);
	fclose(f);
	rebuild();
	assert_string_equal(fx_keywords(m, 1), names);
	fx_flags(m, 2, FLAGS_ADD, 0, "a28 a29");
	fx_flush();
	read_file("pabal-keywords", text, sizeof text);
	assert_null(strstr(text, "torn"));
	rebuild();
	assert_string_equal(fx_keywords(m, 1), names);
	assert_string_equal(fx_keywords(m, 2), "a28 a29");
	mailbox_close(&m);
}

/* Lines that count no more go when there are many of them. */
static void
test_compacted(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char names[4096];
	struct stat sb;

	(void)state;
	fx_append(m, MAIL, 0);
	many(names, sizeof names, "some-longer-name", 80);
	for (int i = 0; i < 200; i++) {
		fx_flags(m, 1, FLAGS_SET, 0, i % 2 == 0 ? names : "other");
		fx_flush();
	}
	fx_flags(m, 1, FLAGS_SET, 0, names);
	fx_flush();
	assert_int_equal(stat(fx_path("pabal-keywords"), &sb), 0);
	assert_true(sb.st_size < 80 << 10);
	rebuild();
	assert_string_equal(fx_keywords(m, 1), names);
	mailbox_close(&m);
}

/* Dovecot gave a letter a meaning, and a message that letter. */
static void
test_foreign_letter(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char from[300], to[302];

	(void)state;
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, 0, "ours");
	fx_flush();
	fx_write("dovecot-keywords", "0 ours\n1 theirs\n");
	snprintf(from, sizeof from, "cur/%s", fx_file("cur", ",U=1:"));
	snprintf(to, sizeof to, "%sb", from);
	assert_int_equal(rename(fx_path(from), fx_path(to)), 0);
	fx_sync(m);
	assert_string_equal(fx_keywords(m, 1), "ours theirs");
	/* They took a letter that we have given to nobody yet. */
	fx_write("dovecot-keywords", "0 ours\n1 theirs\n2 third\n");
	fx_flags(m, 1, FLAGS_ADD, 0, "fourth");
	assert_int_equal(fx_keyword(m, "third"), 2);
	assert_int_equal(fx_keyword(m, "fourth"), 3);
	/* Somebody removed the file: what messages have is written again. */
	assert_int_equal(unlink(fx_path("dovecot-keywords")), 0);
	fx_flags(m, 1, FLAGS_ADD, 0, "ours");
	fx_flush();
	rebuild();
	assert_string_equal(fx_keywords(m, 1), "fourth ours theirs");
	mailbox_close(&m);
}

/* COPY and MOVE keep all keywords or fail, whichever call fails; after a
 * failure everything is as it was. */
static void
test_copy_on_failing_disk(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Archive");
	char names[4096];
	unsigned failed = 0;
	bool struck = true;

	(void)state;
	many(names, sizeof names, "a", 40);
	fx_append(m, MAIL, 0);
	for (unsigned i = 1; struck; i++) {
		struct message_info info;
		struct copy_result r;
		struct view *v;

		fx_flags(m, 1, FLAGS_SET, 0, names);
		fx_flush();
		fault_arm(FAULT_NOSPC, i, false);
		r = copy(m, 1, to, false);
		struck = fault_struck();
		fault_off();
		failed += r.rc == -1;
		/* An index that could not be written is opened anew. */
		(void)message_find(m, 1, &info, NULL);
		assert_string_equal(fx_keywords(m, 1), names);
		if (r.rc == 0)
			assert_string_equal(
			    fx_keywords(to, fx_status(to).uidnext - 1), names);
		assert_int_equal(r.rc == 0 || r.err.class == ERR_TEMP, 1);
		/* The next one has it all to do again. */
		for (uint32_t uid = 1; uid < fx_status(to).uidnext; uid++)
			message_expunge(to, &uid, 1, true, NULL);
		fx_flush();
		v = view_open(to, 0, NULL);
		assert_non_null(v);
		view_close(&v);
		assert_int_equal(mailbox_keywords(to)->used, 0);
	}
	assert_true(failed >= 4);
	mailbox_close(&m);
	mailbox_close(&to);
}

/* The one message of M or TO, with its keywords; it is in one of the two. */
static void
expect_in_one(struct mailbox *m, struct mailbox *to, const char *names)
{
	struct message_info info[2];
	size_t n = 0, nto = 0;

	/* An index that could not be written is opened anew. */
	(void)message_find(m, 1, info, NULL);
	fx_sync(m);
	fx_sync(to);
	assert_int_equal(message_read(m, 1, info, 1, &n, NULL), 0);
	assert_int_equal(message_read(to, 1, info + 1, 1, &nto, NULL), 0);
	assert_int_equal(n + nto, 1);
	if (n == 1)
		assert_string_equal(fx_keywords(m, info[0].uid), names);
	else
		assert_string_equal(fx_keywords(to, info[1].uid), names);
}

static void
test_move_on_failing_disk(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Archive");
	char names[4096];
	bool struck = true;

	(void)state;
	many(names, sizeof names, "a", 40);
	for (unsigned i = 1; struck; i++) {
		struct append_info info = { .keywords = slice_str(names) };
		const uint32_t uid = fx_try_append(m, MAIL, &info, NULL);
		struct copy_result r;

		assert_true(uid != 0);
		fault_arm(FAULT_IO, i, false);
		r = copy(m, uid, to, true);
		struck = fault_struck();
		fault_off();
		assert_true(struck || r.rc == 0);
		expect_in_one(m, to, names);
		for (uint32_t u = 1; u < fx_status(m).uidnext; u++)
			message_expunge(m, &u, 1, true, NULL);
		for (uint32_t u = 1; u < fx_status(to).uidnext; u++)
			message_expunge(to, &u, 1, true, NULL);
	}
	mailbox_close(&m);
	mailbox_close(&to);
}

/* INTERNALDATE of any year outlives the index. */
static void
test_dates(void **state)
{
	static const int64_t dates[] = { 0, -1, 1000000000,
		INT64_C(-62135596800) /* year 1 */, INT64_C(253402300799),
		INT64_C(-2208988801), INT64_C(15032385536) };
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Archive");

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(dates); i++) {
		const struct append_info info = { .has_date = true,
			.date_s = dates[i] };

		assert_int_equal(fx_try_append(m, MAIL, &info, NULL), i + 1);
		assert_int_equal(copy(m, i + 1, to, false).rc, 0);
	}
	for (int k = 0; k < 2; k++) {
		for (unsigned i = 0; i < ARRAY_LEN(dates); i++) {
			assert_true(fx_info(m, i + 1).date_s == dates[i]);
			assert_true(fx_info(to, i + 1).date_s == dates[i]);
		}
		rebuild();
	}
	mailbox_close(&m);
	mailbox_close(&to);
}

/* Another process gives message 1 of INBOX the keyword NAME. */
static void
set_elsewhere(const char *name)
{
	struct mailbox *m;
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		fx_open_as("boot-1");
		m = fx_box("INBOX");
		_exit(try_flags(m, 1, name, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What a transaction was given up with does not count: the next one, which has
 * its number, is another's. */
static void
test_given_up(void **state)
{
	const struct append_info info = { .keywords = SLICE("ours") };
	struct mailbox *m = fx_box("INBOX");
	struct append_batch *b = append_batch_new(fx_store, true);
	struct fx_done d = { 0 };
	char names[1000];

	(void)state;
	assert_int_equal(fx_append(m, MAIL, 0), 1);
	assert_int_equal(fx_append(m, MAIL, 0), 2);
	/* All letters are in use: dovecot-keywords stays as it is. */
	assert_int_equal(
	    try_flags(m, 2, many(names, sizeof names, "k", 26), NULL), 0);
	for (int i = 0; i < 3; i++) {
		d.a = append_begin(b, m, NULL);
		append_write(d.a, SLICE(MAIL), NULL);
		if (i < 2)
			assert_int_equal(append_finish(d.a, &info, NULL), 0);
	}
	append_commit(b, fx_on_append, &d);
	assert_int_equal(d.rc, -1);
	append_batch_free(&b);
	set_elsewhere("theirs");
	assert_string_equal(fx_keywords(m, 1), "theirs");
	mailbox_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX(test_beyond_the_letters),
		FX(test_copy_move_append),
		FX(test_rename),
		FX(test_freed),
		FX(test_free_readonly),
		FX(test_limits),
		FX(test_torn_line),
		FX(test_compacted),
		FX(test_foreign_letter),
		FX(test_copy_on_failing_disk),
		FX(test_move_on_failing_disk),
		FX(test_dates),
		FX(test_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
