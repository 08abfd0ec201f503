/* SPDX-License-Identifier: ISC */
#include "store/store.h"

#include "tests/unit/store/fixture.h"

#include <sys/resource.h>

#include "base/mem.h"
#include "maildir/filename.h"
#include "sys/durable.h"

#define MAIL "From: a@b\r\nSubject: x\r\n\r\nbody\r\n"

static void
test_append_and_read(void **state)
{
	struct mailbox *m = fx_box("inbox");
	struct mailbox_status st;
	struct message_info info;
	struct account_usage u;
	struct err err;
	char text[100];

	(void)state;
	assert_int_equal(fx_append(m, MAIL, 0), 1);
	assert_int_equal(fx_append(m, MAIL, MSG_SEEN | MSG_FLAGGED), 2);
	info = fx_info(m, 2);
	assert_int_equal(info.flags, MSG_SEEN | MSG_FLAGGED);
	assert_int_equal(info.vsize, strlen(MAIL));
	assert_int_equal(info.size, strlen(MAIL) - 4);
	fx_body(m, 1, text, sizeof text);
	assert_string_equal(text, "From: a@b\nSubject: x\n\nbody\n");
	st = fx_status(m);
	assert_int_equal(st.messages, 2);
	assert_int_equal(st.unseen, 1);
	assert_int_equal(st.uidnext, 3);
	assert_int_equal(st.recent, 2);
	assert_int_equal(st.bytes, 2 * strlen(MAIL));
	assert_int_equal(account_usage(fx_account, &u, &err), 0);
	assert_int_equal(u.used.messages, 2);
	assert_int_equal(u.used.bytes, 2 * strlen(MAIL));
	assert_non_null(fx_file("cur", ",S=27,W=31,U=2:2,FS"));
	assert_null(fx_file("tmp", ""));
	mailbox_close(&m);
}

/* Bytes as they come, in every way of cutting them. */
static void
test_line_ends(void **state)
{
	/* clang-format off */
	static const struct {
		const char *wire;
		const char *file;
		int64_t vsize;
	} rows[] = {
		{ "a\r\nb\r\n", "a\nb\n",  6 },
		{ "a\nb\n",     "a\nb\n",  6 },
		{ "a\rb\r\n",   "a\rb\n",  5 },
		{ "a\r\r\n",    "a\r\n",   3 },
		{ "a\r",        "a\r",     2 },
		{ "\r\n\r\n",   "\n\n",    4 },
		{ "\n\r",       "\n\r",    3 },
		{ "",           "",        0 },
		{ "no end",     "no end",  6 },
	};
	/* clang-format on */
	struct mailbox *m = fx_box("INBOX");
	char text[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t cut = 0; cut <= strlen(rows[i].wire); cut++) {
			const struct append_info info = { 0 };
			struct slice w = slice_str(rows[i].wire);
			struct append_batch *b =
			    append_batch_new(fx_store, false);
			struct fx_done d = { .a = append_begin(b, m, NULL) };

			append_write(d.a, slice_sub(w, 0, cut), NULL);
			append_write(d.a, slice_from(w, cut), NULL);
			append_finish(d.a, &info, NULL);
			append_commit(b, fx_on_append, &d);
			append_batch_free(&b);
			fx_body(m, d.uid, text, sizeof text);
			assert_string_equal(text, rows[i].file);
			assert_int_equal(
			    fx_info(m, d.uid).vsize, rows[i].vsize);
		}
	/* What was counted on the way in is what is counted on the way out. */
	fx_flush();
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	for (uint32_t uid = 1; uid < fx_status(m).uidnext; uid++) {
		struct message_info before, after;
		int fd;

		if (message_find(m, uid, &before, NULL) != FOUND)
			continue;
		assert_int_equal(
		    message_open(m, uid, &fd, &after, NULL), FOUND);
		assert_int_equal(before.vsize, after.vsize);
		close(fd);
	}
	mailbox_close(&m);
}

static void
test_delivery_goes_to_new(void **state)
{
	const struct append_info fresh = { .fresh = true };
	struct mailbox *m = fx_box("INBOX");
	struct view *v;
	struct err err;

	(void)state;
	assert_int_equal(fx_try_append(m, MAIL, &fresh, NULL), 1);
	assert_non_null(fx_file("new", ",U=1"));
	/* Nobody saw it: it stays there. */
	fx_flush();
	v = view_open(m, VIEW_READONLY, &err);
	assert_int_equal(view_recents(v), 1);
	view_close(&v);
	fx_flush();
	assert_non_null(fx_file("new", ",U=1"));
	v = view_open(m, 0, &err);
	assert_int_equal(view_recents(v), 1);
	assert_true(view_recent(v, 1));
	view_close(&v);
	v = view_open(m, 0, &err);
	assert_int_equal(view_recents(v), 0);
	view_close(&v);
	fx_flush();
	assert_null(fx_file("new", ""));
	assert_non_null(fx_file("cur", ",U=1:2,"));
	mailbox_close(&m);
}

static void
test_flags_reach_names(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	const uint32_t uid = fx_append(m, MAIL, 0);

	(void)state;
	fx_flags(m, uid, FLAGS_ADD, MSG_SEEN | MSG_DRAFT, "$Junk work");
	assert_int_equal(fx_keyword(m, "$jUNK"), 0);
	assert_int_equal(fx_keyword(m, "work"), 1);
	assert_int_equal(fx_keyword(m, "none"), -1);
	fx_flags(m, uid, FLAGS_DEL, 0, "$Junk");
	fx_flags(m, uid, FLAGS_DEL, MSG_DRAFT, "");
	assert_non_null(fx_file("cur", ":2,"));
	assert_null(fx_file("cur", ":2,S"));
	fx_flush();
	assert_non_null(fx_file("cur", ":2,Sb"));
	fx_flags(m, uid, FLAGS_SET, MSG_ANSWERED, "$JUNK");
	fx_flush();
	assert_non_null(fx_file("cur", ":2,Ra"));
	mailbox_close(&m);
}

static void
test_expunge(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	uint32_t uids[] = { 1, 2, 3, 9 };
	struct err err;

	(void)state;
	for (int i = 0; i < 3; i++)
		fx_append(m, MAIL, i == 1 ? MSG_DELETED : 0);
	assert_int_equal(message_expunge(m, uids, 4, false, &err), 0);
	assert_int_equal(fx_status(m).messages, 2);
	assert_null(fx_file("cur", ",U=2:"));
	assert_int_equal(message_expunge(m, uids, 4, true, &err), 0);
	assert_int_equal(fx_status(m).messages, 0);
	assert_int_equal(fx_status(m).bytes, 0);
	assert_null(fx_file("cur", ""));
	assert_int_equal(fx_append(m, MAIL, 0), 4);
	mailbox_close(&m);
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	struct copy_result *out = arg;

	*out = *r;
	out->pairs = NULL;
}

static void
test_copy_and_move(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Archive");
	struct message_info a, b;
	const uint32_t uids[] = { 1, 2, 7 };
	struct copy_result r;
	struct stat sb;
	char text[100];

	(void)state;
	fx_append(m, MAIL, MSG_SEEN);
	fx_append(m, MAIL, 0);
	fx_flags(m, 2, FLAGS_ADD, 0, "one");
	fx_flags(m, 1, FLAGS_ADD, 0, "two");
	message_copy(m, uids, 3, to, false, on_copied, &r);
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.uidvalidity, fx_status(to).uidvalidity);
	a = fx_info(m, 1);
	b = fx_info(to, 1);
	assert_true(a.email_id == b.email_id);
	assert_int_equal(b.flags, MSG_SEEN);
	assert_string_equal(fx_keywords(to, 1), "two");
	assert_int_equal(fx_status(to).messages, 2);
	assert_int_equal(stat(fx_path(".Archive/cur"), &sb), 0);
	message_copy(m, uids, 1, to, true, on_copied, &r);
	assert_int_equal(r.n, 1);
	assert_int_equal(fx_status(m).messages, 1);
	assert_int_equal(fx_status(to).messages, 3);
	fx_body(to, 3, text, sizeof text);
	assert_true(strstr(text, "body") != NULL);
	/* Within one mailbox. */
	message_copy(to, uids, 2, to, true, on_copied, &r);
	assert_int_equal(r.n, 2);
	assert_int_equal(fx_status(to).messages, 3);
	assert_int_equal(message_find(to, 1, &a, NULL), ABSENT);
	assert_int_equal(fx_info(to, 4).flags, MSG_SEEN);
	fx_flush();
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	assert_string_equal(fx_keywords(to, 4), "two");
	assert_true(fx_info(to, 4).email_id == b.email_id);
	mailbox_close(&m);
	mailbox_close(&to);
}

static void
test_quota(void **state)
{
	const struct append_info info = { 0 };
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Sent");
	const uint32_t uids[] = { 1, 2 };
	enum err_class class;
	struct copy_result r;

	(void)state;
	fx_quota(3 * strlen(MAIL), 0);
	fx_append(m, MAIL, 0);
	fx_append(m, MAIL, 0);
	message_copy(m, uids, 2, to, false, on_copied, &r);
	assert_int_equal(r.rc, -1);
	assert_int_equal(r.err.class, ERR_PERM);
	assert_int_equal(fx_status(to).messages, 0);
	assert_null(fx_file(".Sent/cur", ""));
	assert_int_equal(mailbox_check_quota(m, strlen(MAIL), 1, NULL), 0);
	fx_append(m, MAIL, 0);
	assert_int_equal(mailbox_check_quota(m, strlen(MAIL), 1, NULL), -1);
	assert_int_equal(fx_try_append(m, MAIL, &info, &class), 0);
	assert_int_equal(class, ERR_PERM);
	assert_null(fx_file("tmp", ""));
	message_copy(m, uids, 1, to, true, on_copied, &r);
	assert_int_equal(r.rc, 0);
	fx_quota(0, 3);
	assert_int_equal(fx_try_append(m, MAIL, &info, &class), 0);
	mailbox_close(&m);
	mailbox_close(&to);
}

/* All or none. */
static void
test_atomic_batch(void **state)
{
	const struct append_info info = { 0 };
	struct mailbox *m = fx_box("INBOX");
	struct append_batch *b = append_batch_new(fx_store, true);
	struct fx_done d = { .a = append_begin(b, m, NULL) };
	struct append *second = append_begin(b, m, NULL);
	uint32_t uid, uidvalidity;

	(void)state;
	fx_quota(strlen(MAIL) + 5, 0);
	append_write(d.a, SLICE(MAIL), NULL);
	append_finish(d.a, &info, NULL);
	append_write(second, SLICE(MAIL), NULL);
	append_finish(second, &info, NULL);
	append_commit(b, fx_on_append, &d);
	assert_int_equal(d.rc, -1);
	assert_int_equal(append_result(second, &uid, &uidvalidity, NULL), -1);
	append_batch_free(&b);
	assert_int_equal(fx_status(m).messages, 0);
	assert_null(fx_file("cur", ""));
	assert_null(fx_file("tmp", ""));
	/* A batch that is given up leaves nothing. */
	b = append_batch_new(fx_store, true);
	d.a = append_begin(b, m, NULL);
	assert_non_null(fx_file("tmp", ""));
	append_batch_free(&b);
	assert_null(fx_file("tmp", ""));
	mailbox_close(&m);
}

/* What is kept comes with the messages as it does one by one, whatever is
 * missing between them, and as much as there is room for. */
static void
test_records(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct message_info info[40];
	struct slice records[40];
	struct buf bytes, one, text;
	size_t got, seen = 0;

	(void)state;
	buf_init(&bytes, 2000);
	buf_init(&one, 4000);
	buf_init(&text, 4000);
	for (uint32_t i = 1; i <= 40; i++) {
		assert_int_equal(fx_append(m, MAIL, 0), i);
		buf_reset(&text);
		for (uint32_t k = 0; k < i * 29 % 300 + (i == 17 ? 2500 : 0);
		     k++)
			buf_addc(&text, (char)('a' + i % 26));
		if (i % 3 != 0)
			assert_int_equal(
			    message_cache(m, i, buf_slice(&text), 31, 0, NULL),
			    0);
	}
	fx_flush();
	for (uint32_t from = 1; from <= 40; from = info[got - 1].uid + 1) {
		assert_int_equal(message_read_records(m, from, info, records,
				     40, &bytes, &got, NULL),
		    0);
		assert_true(got > 0);
		for (size_t i = 0; i < got; i++, seen++) {
			const uint32_t uid = info[i].uid;

			buf_reset(&one);
			assert_int_equal(uid, seen + 1);
			assert_int_equal(message_cached(m, uid, &one, NULL),
			    uid % 3 != 0 ? FOUND : ABSENT);
			if (uid % 3 == 0 || uid == 17)
				assert_null(records[i].p);
			else
				assert_true(
				    slice_eq(records[i], buf_slice(&one)));
		}
	}
	assert_int_equal(seen, 40);
	buf_fini(&bytes);
	buf_fini(&one);
	buf_fini(&text);
	mailbox_close(&m);
}

static void
test_preview(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	const uint32_t uid = fx_append(m, MAIL, 0);
	char large[MESSAGE_PREVIEW_MAX + 1] = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(
	    message_keep_preview(m, uid, slice_of(large, sizeof large), NULL),
	    0);
	assert_int_equal(message_preview(m, uid, &out, NULL), ABSENT);
	assert_int_equal(message_cache(m, uid, SLICE("kept"), 31, 1, NULL), 0);
	assert_int_equal(
	    message_keep_preview(m, uid, SLICE("in short"), NULL), 0);
	for (int i = 0; i < 2; i++) {
		buf_reset(&out);
		assert_int_equal(message_preview(m, uid, &out, NULL), FOUND);
		assert_string_equal(buf_cstr(&out), "in short");
		buf_reset(&out);
		assert_int_equal(message_cached(m, uid, &out, NULL), FOUND);
		assert_string_equal(buf_cstr(&out), "kept");
		fx_flush();
	}
	message_expunge(m, &uid, 1, true, NULL);
	assert_int_equal(message_preview(m, uid, &out, NULL), ABSENT);
	buf_fini(&out);
	mailbox_close(&m);
}

static void
test_cache(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *to = fx_box("Sent");
	const uint32_t uid = fx_append(m, MAIL, 0);
	struct copy_result r;
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(message_cached(m, uid, &out, NULL), ABSENT);
	assert_int_equal(
	    message_cache(m, uid, SLICE("kept"), 31, 1234, NULL), 0);
	assert_int_equal(message_cached(m, uid, &out, NULL), FOUND);
	assert_string_equal(buf_cstr(&out), "kept");
	fx_flush();
	buf_reset(&out);
	assert_int_equal(message_cached(m, uid, &out, NULL), FOUND);
	assert_string_equal(buf_cstr(&out), "kept");
	assert_int_equal(fx_info(m, uid).sent_s, 1234);
	message_copy(m, &uid, 1, to, false, on_copied, &r);
	buf_reset(&out);
	assert_int_equal(message_cached(to, 1, &out, NULL), FOUND);
	assert_string_equal(buf_cstr(&out), "kept");
	message_expunge(m, &uid, 1, true, NULL);
	assert_int_equal(message_cached(m, uid, &out, NULL), ABSENT);
	/* Far more than wait in memory. */
	for (int i = 0; i < 200; i++) {
		const uint32_t next = fx_append(m, MAIL, 0);

		assert_int_equal(
		    message_cache(m, next, SLICE("many"), 31, i, NULL), 0);
	}
	mailbox_close(&m);
	m = fx_box("INBOX");
	for (uint32_t next = 2; next <= 201; next++) {
		buf_reset(&out);
		assert_int_equal(message_cached(m, next, &out, NULL), FOUND);
		assert_int_equal(fx_info(m, next).sent_s, next - 2);
	}
	buf_fini(&out);
	mailbox_close(&m);
	mailbox_close(&to);
}

static void
test_maildrop_lock(void **state)
{
	int one, two;

	(void)state;
	assert_int_equal(account_lock_maildrop(fx_account, &one, NULL), FOUND);
	assert_int_equal(account_lock_maildrop(fx_account, &two, NULL), ABSENT);
	close(one);
	assert_int_equal(account_lock_maildrop(fx_account, &two, NULL), FOUND);
	close(two);
}

static void
test_paths(void **state)
{
	static const char *const bad[] = { "", "/", "/d/u", "d/u/", "d//u",
		"..", "d/../u", ".", "d/.u", "d/./u", "x", "d", "d/link" };
	struct account *a;

	(void)state;
	assert_int_equal(symlinkat("u", fx_root, "link"), 0);
	assert_int_equal(symlink("u", fx_path("../link")), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
		    store_account_open(fx_store, bad[i], &a, NULL), ABSENT);
		assert_null(a);
	}
	assert_int_equal(store_account_create(fx_store, "d/../../x", NULL), -1);
}

/* More accounts than may be open: each is found as it was left. */
static void
test_parking(void **state)
{
	const struct store_opts opts = {
		.hostname = "h", .boot_id = "boot-1", .max_open = 3
	};
	struct store *s;
	struct account *a[10];
	struct mailbox *m[10];
	char path[20];

	(void)state;
	s = store_new(fx_root, &opts);
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof path, "p/%d", i);
		assert_int_equal(store_account_create(s, path, NULL), 0);
		assert_int_equal(
		    store_account_open(s, path, &a[i], NULL), FOUND);
		assert_int_equal(
		    mailbox_open(a[i], SLICE("INBOX"), &m[i], NULL), FOUND);
	}
	for (int round = 1; round <= 2; round++)
		for (int i = 0; i < 10; i++) {
			const struct append_info info = { 0 };
			struct store *keep = fx_store;

			fx_store = s;
			assert_int_equal(
			    fx_try_append(m[i], MAIL, &info, NULL), round);
			fx_store = keep;
			assert_int_equal(fx_status(m[i]).messages, round);
		}
	for (int i = 0; i < 10; i++) {
		mailbox_close(&m[i]);
		account_close(&a[i]);
	}
	store_free(&s);
}

/* ---- no descriptor is left ---- */

static struct rlimit files;

static void
starve(void)
{
	const int next = dup(fx_root);
	struct rlimit few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	few = files;
	few.rlim_cur = (rlim_t)next;
	close(next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void
feed(void)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

/* What was begun needs no further descriptor, its sync neither. */
static void
test_append_starved(void **state)
{
	const struct append_info info = { 0 };
	struct mailbox *m = fx_box("INBOX");
	struct append_batch *b;
	struct fx_done d = { 0 };

	(void)state;
	fx_append(m, MAIL, 0);
	b = append_batch_new(fx_store, false);
	d.a = append_begin(b, m, NULL);
	append_write(d.a, SLICE(MAIL), NULL);
	append_finish(d.a, &info, NULL);
	starve();
	append_commit(b, fx_on_append, &d);
	feed();
	assert_int_equal(d.rc, 0);
	append_batch_free(&b);
	assert_int_equal(fx_status(m).messages, 2);
	mailbox_close(&m);
}

static void
test_copy_starved(void **state)
{
	struct durable *pool = durable_new(fx_root, SYNC_FSYNC);
	const struct store_opts opts = {
		.hostname = "test.host", .boot_id = "boot-1", .durable = pool
	};
	struct mailbox *from, *to;
	const struct flags_change seen = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	struct copy_result r = { 0 };
	uint64_t low, high;
	uint32_t uid;

	(void)state;
	assert_int_equal(mailbox_create(fx_account, SLICE("to"), 0, NULL), 0);
	from = fx_box("INBOX");
	uid = fx_append(from, MAIL, 0);
	to = fx_box("to");
	fx_append(to, MAIL, 0);
	mailbox_close(&from);
	mailbox_close(&to);
	fx_close();
	fx_store = store_new(fx_root, &opts);
	assert_int_equal(
	    store_account_open(fx_store, "d/u", &fx_account, NULL), FOUND);
	from = fx_box("INBOX");
	to = fx_box("to");
	/* The first write opens the stamp. */
	assert_int_equal(
	    message_flags(from, &uid, 1, &seen, NULL, &low, &high, NULL), 0);
	for (int move = 0; move <= 1; move++) {
		starve();
		message_copy(from, &uid, 1, to, move == 1, on_copied, &r);
		feed();
		/* Nothing was left to the pool. */
		assert_int_equal(r.rc, -1);
		assert_int_equal(r.err.class, ERR_TEMP);
		assert_int_equal(fx_status(from).messages, 1);
		assert_int_equal(fx_status(to).messages, 1);
	}
	mailbox_close(&from);
	mailbox_close(&to);
	fx_reopen();
	durable_free(&pool);
}

/* A mailbox that cannot be looked for is not one that is not there. */
static void
test_open_starved(void **state)
{
	struct mailbox *m = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
	    mailbox_create(fx_account, SLICE("known"), 0, NULL), 0);
	assert_int_equal(mkdir(fx_path(".new"), 0700), 0);
	assert_int_equal(mkdir(fx_path(".new/cur"), 0700), 0);
	starve();
	assert_int_equal(
	    mailbox_open(fx_account, SLICE("new"), &m, &err), TEMPFAIL);
	assert_int_equal(err.class, ERR_TEMP);
	assert_int_equal(
	    mailbox_open_folded(fx_account, SLICE("NEW"), &m, &err), TEMPFAIL);
	feed();
	assert_int_equal(
	    mailbox_open_folded(fx_account, SLICE("NEW"), &m, &err), FOUND);
	mailbox_close(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_append_and_read),
		FX(test_line_ends),
		FX(test_delivery_goes_to_new),
		FX(test_flags_reach_names),
		FX(test_expunge),
		FX(test_copy_and_move),
		FX(test_quota),
		FX(test_atomic_batch),
		FX(test_cache),
		FX(test_records),
		FX(test_preview),
		FX(test_maildrop_lock),
		FX(test_paths),
		FX(test_parking),
		FX(test_append_starved),
		FX(test_copy_starved),
		FX(test_open_starved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
