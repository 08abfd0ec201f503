/* SPDX-License-Identifier: ISC */
/* Other programs in the same Maildir, and other servers' files. */
#include "store/scan.h"

#include "tests/unit/store/fixture.h"

#include <bsd/string.h>

#include "base/mem.h"
#include "maildir/filename.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

static void
rename_file(const char *dir, const char *part, const char *to)
{
	char from[600];

	snprintf(from, sizeof from, "%s/%s", dir, fx_file(dir, part));
	assert_int_equal(rename(fx_path(from), fx_path(to)), 0);
}

static void
test_adopt(void **state)
{
	/* clang-format off */
	static const struct {
		const char *file;
		const char *text;
		uint32_t uid;
		unsigned flags;
		int64_t size, vsize;
	} rows[] = {
		{ "new/100.a.h",                 "a\nb\n",     78, 0, 4, 6 },
		{ "cur/101.a.h:2,FS",            "a\r\nb\r\n", 79, MSG_FLAGGED | MSG_SEEN, 6, 6 },
		{ "cur/102.a.h,S=999,W=1:2,S",   "a\nb\n",     80, MSG_SEEN, 4, 6 },
		/* UIDs not given out yet, as a killed process leaves them. */
		{ "cur/103.a.h,S=4,W=4,U=77:2,", "a\nb\n",     77, 0, 4, 6 },
		{ "cur/104.a.h,S=4,W=99,U=1:2,", "a\nb\n",     1,  0, 4, 6 },
		{ "cur/105.a.h,U=1:2,",          "a\nb\n",     81, 0, 4, 6 },
		{ "new/106.a.h:2,S",             "",           82, MSG_SEEN, 0, 0 },
		{ "cur/107 odd name;2,S",        "x",          83, 0, 1, 1 },
		{ "cur/108.a.h,U=4000000000:2,", "x\n",        84, 0, 2, 3 },
	};
	/* clang-format on */
	struct mailbox *m = fx_box("INBOX");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		fx_write(rows[i].file, rows[i].text);
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, ARRAY_LEN(rows));
	assert_int_equal(fx_status(m).uidnext, 85);
	assert_null(fx_file("new", ""));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct message_info info = fx_info(m, rows[i].uid);
		char text[50], part[20];

		assert_int_equal(info.flags, rows[i].flags);
		assert_int_equal(info.size, rows[i].size);
		assert_int_equal(info.vsize, rows[i].vsize);
		fx_body(m, rows[i].uid, text, sizeof text);
		assert_string_equal(text, rows[i].text);
		snprintf(part, sizeof part, ",U=%u:2,", rows[i].uid);
		assert_non_null(fx_file("cur", part));
	}
	/* Nothing more to do. */
	fx_sync(m);
	assert_int_equal(fx_status(m).uidnext, 85);
	mailbox_close(&m);
}

static void
test_odd_files(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char longname[260] = "cur/1.";

	(void)state;
	assert_int_equal(mkfifo(fx_path("new/1.fifo"), 0600), 0);
	assert_int_equal(symlink("/etc/passwd", fx_path("cur/1.link:2,")), 0);
	assert_int_equal(mkdir(fx_path("cur/1.dir:2,"), 0700), 0);
	fx_write("cur/.hidden", "x");
	memset(longname + 6, 'x', 200);
	fx_write(longname, "long\n");
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, 1);
	assert_non_null(fx_file("cur", ",S=5,W=6,U=1,E="));
	/* Its id stays although its name had to change. */
	const uint64_t id = fx_info(m, 1).email_id;

	fx_flags(m, 1, FLAGS_ADD, MSG_SEEN, "");
	fx_flush();
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	assert_true(fx_info(m, 1).email_id == id);
	/* A link in place of a message's file is not followed. */
	char from[600];

	snprintf(from, sizeof from, "cur/%s", fx_file("cur", ",U=1,"));
	assert_int_equal(unlink(fx_path(from)), 0);
	assert_int_equal(symlink("/etc/passwd", fx_path(from)), 0);
	int fd;

	assert_true(message_open(m, 1, &fd, NULL, NULL) != FOUND);
	assert_int_equal(fd, -1);
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, 0);
	mailbox_close(&m);
}

/* Both sides change flags: each one's change stays. */
static void
test_foreign_flags(void **state)
{
	struct mailbox *m = fx_box("INBOX");

	(void)state;
	fx_write("dovecot-keywords", "0 a\n1 b\n");
	fx_append(m, MAIL, MSG_FLAGGED | MSG_ANSWERED);
	fx_flags(m, 1, FLAGS_ADD, MSG_DRAFT, "a");   /* ours, not flushed */
	fx_flags(m, 1, FLAGS_DEL, MSG_ANSWERED, ""); /* the same */
	rename_file("cur", ",U=1:", "cur/x");        /* theirs: + S b - F */
	rename_file("cur", "x",
	    "cur/1.a.h,S=17,W=20,U=1:2,RSb"); /* another base: same UID? */
	fx_sync(m);
	/* A name with another base is another message. */
	assert_int_equal(fx_status(m).messages, 1);
	fx_append(m, MAIL, MSG_FLAGGED | MSG_ANSWERED);
	const uint32_t uid = fx_status(m).uidnext - 1;
	char part[20], to[600];

	fx_flags(m, uid, FLAGS_ADD, MSG_DRAFT, "a");
	fx_flags(m, uid, FLAGS_DEL, MSG_ANSWERED, "");
	snprintf(part, sizeof part, ",U=%u:", uid);
	snprintf(to, sizeof to, "cur/%s", fx_file("cur", part));
	*strchr(to, ':') = '\0';
	strlcat(to, ":2,RSb", sizeof to);
	rename_file("cur", part, to);
	fx_sync(m);
	assert_int_equal(fx_info(m, uid).flags, MSG_DRAFT | MSG_SEEN);
	assert_string_equal(fx_keywords(m, uid), "a b");
	fx_flush();
	assert_non_null(fx_file("cur", ":2,DSab"));
	mailbox_close(&m);
}

/* The name changed under our hands: reading, flags, expunge and copy find it.
 */
static void
test_renamed_meanwhile(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char text[50], to[600];
	const uint32_t one = 1;

	(void)state;
	fx_append(m, MAIL, 0);
	snprintf(to, sizeof to, "cur/%sS", fx_file("cur", ",U=1:2,"));
	rename_file("cur", ",U=1:", to);
	fx_body(m, 1, text, sizeof text);
	assert_int_equal(fx_info(m, 1).flags, MSG_SEEN);
	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, "");
	rename_file("cur", ",U=1:", "cur/1.z");
	rename_file("cur", "1.z", to);
	to[strlen(to) - 1] = 'T';
	rename_file("cur", ",U=1:", to);
	fx_flush();
	assert_non_null(fx_file("cur", ",U=1:2,FT"));
	to[strlen(to) - 1] = 'S';
	rename_file("cur", ",U=1:", to);
	assert_int_equal(message_expunge(m, &one, 1, true, NULL), 0);
	assert_null(fx_file("cur", ""));
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, 0);
	mailbox_close(&m);
}

static void
test_removed(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char path[600];
	int fd;

	(void)state;
	fx_append(m, MAIL, 0);
	fx_append(m, MAIL, 0);
	snprintf(path, sizeof path, "cur/%s", fx_file("cur", ",U=1:"));
	assert_int_equal(unlink(fx_path(path)), 0);
	assert_int_equal(message_open(m, 1, &fd, NULL, NULL), ABSENT);
	assert_int_equal(fx_status(m).messages, 1);
	assert_int_equal(fx_status(m).bytes, strlen(MAIL));
	mailbox_close(&m);
}

/* A program that corrects S= or drops our fields changes the stem. */
static void
test_other_stem(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char to[600];

	(void)state;
	fx_append(m, MAIL, MSG_FLAGGED);
	snprintf(to, sizeof to, "cur/%s", fx_file("cur", ",U=1:"));
	*strchr(to, ',') = '\0';
	strlcat(to, ",S=17:2,FS", sizeof to);
	rename_file("cur", ",U=1:", to);
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, 1);
	assert_int_equal(fx_info(m, 1).flags, MSG_FLAGGED | MSG_SEEN);
	fx_flush();
	assert_non_null(fx_file("cur", ",S=17,W=20,U=1:2,FS"));
	mailbox_close(&m);
}

/* The file was changed in place, which no one should do. */
static void
test_changed_in_place(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char path[600], text[50];
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	fx_append(m, MAIL, 0);
	message_cache(m, 1, SLICE("old"), 20, 0, NULL);
	fx_flush();
	snprintf(path, sizeof path, "cur/%s", fx_file("cur", ",U=1:"));
	fx_write(path, "shorter\n\n");
	fx_body(m, 1, text, sizeof text);
	assert_string_equal(text, "shorter\n\n");
	assert_int_equal(fx_info(m, 1).vsize, 11);
	assert_int_equal(fx_status(m).bytes, 11);
	assert_int_equal(message_cached(m, 1, &out, NULL), ABSENT);
	fx_flush();
	assert_non_null(fx_file("cur", ",S=9,W=11,U=1:2,"));
	buf_fini(&out);
	mailbox_close(&m);
}

/* A Maildir as Dovecot leaves it, put in place before we come. */
static void
test_take_over_dovecot(void **state)
{
	struct mailbox *m;

	(void)state;
	assert_int_equal(mkdir(fx_path(".Dove"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".Dove/cur"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".Dove/new"), 0700), 0);
	fx_write(".Dove/dovecot-uidlist",
	    "3 V1275660208 N50 G3085f01b7f11094c501100008c4a11c1\n"
	    "7 :200.a.h,S=4,W=6\n"
	    "30 :100.b.h,S=3,W=4\n"
	    "31 :expunged\n");
	fx_write(".Dove/dovecot-keywords", "0 $Forwarded\n3 work\n");
	fx_write(".Dove/cur/200.a.h,S=4,W=6:2,Sd", "a\nb\n");
	fx_write(".Dove/cur/100.b.h,S=3,W=4:2,a", "ab\n");
	fx_write(".Dove/new/300.c.h", "new\n");
	m = fx_box("Dove");
	assert_int_equal(fx_status(m).uidvalidity, 1275660208);
	assert_int_equal(fx_status(m).messages, 3);
	assert_string_equal(
	    fx_status(m).id, "3085f01b7f11094c501100008c4a11c1");
	assert_int_equal(fx_info(m, 7).flags, MSG_SEEN);
	assert_string_equal(fx_keywords(m, 7), "work");
	assert_string_equal(fx_keywords(m, 30), "$Forwarded");
	assert_int_equal(fx_info(m, 50).vsize, 5);
	assert_int_equal(fx_status(m).uidnext, 51);
	assert_int_equal(fx_status(m).recent, 1);
	assert_int_equal(fx_keyword(m, "work"), 3);
	assert_non_null(fx_file(".Dove/cur", "200.a.h,S=4,W=6,U=7:2,Sd"));
	/* The old list does not count any more. */
	fx_write(".Dove/cur/expunged:2,", "back\n");
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	assert_string_equal(fx_keywords(m, 7), "work");
	assert_int_equal(fx_status(m).messages, 4);
	mailbox_close(&m);
}

static void
test_take_over_courier(void **state)
{
	struct mailbox *m;

	(void)state;
	assert_int_equal(mkdir(fx_path(".Cour"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".Cour/cur"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".Cour/courierimapkeywords"), 0700), 0);
	fx_write(".Cour/courierimapuiddb", "1 1034889105 12\n11 200.a.h,S=3\n");
	fx_write(".Cour/courierimapkeywords/:list",
	    "$Label1\nwork\n\n200.a.h,S=3:1\n");
	fx_write(".Cour/cur/200.a.h,S=3:2,R", "ab\n");
	m = fx_box("Cour");
	assert_int_equal(fx_status(m).uidvalidity, 1034889105);
	assert_int_equal(fx_info(m, 11).flags, MSG_ANSWERED);
	assert_string_equal(fx_keywords(m, 11), "work");
	assert_int_equal(fx_keyword(m, "work"), 1);
	assert_non_null(fx_file(".Cour/cur", ",U=11:2,Rb"));
	mailbox_close(&m);
}

/* More than one transaction's usual room. */
static void
test_many(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct message_info infos[64];
	uint32_t uid = 1, seen = 0;
	char name[64];
	size_t got;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "new/%d.a.h", 1000 + i);
		fx_write(name, "x\n");
	}
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, 5000);
	assert_int_equal(fx_status(m).bytes, 15000);
	for (;;) {
		assert_int_equal(
		    message_read(m, uid, infos, 64, &got, NULL), 0);
		if (got == 0)
			break;
		for (size_t i = 0; i < got; i++)
			assert_int_equal(infos[i].uid, ++seen);
		uid = infos[got - 1].uid + 1;
	}
	assert_int_equal(seen, 5000);
	mailbox_close(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_adopt),
		FX(test_odd_files),
		FX(test_foreign_flags),
		FX(test_renamed_meanwhile),
		FX(test_removed),
		FX(test_other_stem),
		FX(test_changed_in_place),
		FX(test_take_over_dovecot),
		FX(test_take_over_courier),
		FX(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
