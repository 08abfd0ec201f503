/* SPDX-License-Identifier: ISC */
/* What is expunged is kept for a while and can be brought back; at any moment a
 * message is in one place. */
#include "tests/unit/store/fixture.h"

#include <time.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "maildir/filename.h"
#include "maildir/keptdir.h"
#include "store/change.h"
#include "store/keptlist.h"
#include "store/message.h"
#include "store/remove.h"
#include "store/retention.h"
#include "store/undelete.h"
#include "store/usage.h"
#include "sys/clock.h"
#include "tests/clock.h"

enum { DAY_MS = 86400 * 1000, WEEK_S = 7 * 86400, DATE = 1234567890 };

/* It is as deep as tree_remove goes. */
static int
teardown(void **state)
{
	tree_remove(AT_FDCWD, fx_path(KEPT_DIR));
	return fx_teardown(state);
}

#define KX(f) cmocka_unit_test_setup_teardown(f, fx_setup, teardown)

static void
begin(int64_t seconds, uint64_t bytes)
{
	ev_init();
	store_set_retention(fx_store, seconds, bytes);
}

static void
rebuild(void)
{
	struct err err = { 0 };

	if (account_rebuild(fx_account, &err) == -1)
		fail_msg("rebuild: %s", err.text);
	fx_flush();
}

static struct kept_list
kept(void)
{
	struct kept_list l;
	struct err err = { 0 };

	if (keptlist_read(&l, fx_account, &err) == -1)
		fail_msg("kept: %s", err.text);
	return l;
}

static size_t
nkept(void)
{
	struct kept_list l = kept();
	const size_t n = l.nmessages;

	keptlist_fini(&l);
	return n;
}

static void
expunge(struct mailbox *m, uint32_t uid)
{
	struct err err = { 0 };

	if (message_expunge(m, &uid, 1, true, &err) == -1)
		fail_msg("expunge: %s", err.text);
}

/* All of L from the mailbox NAME into M; how many came. */
static size_t
bring(struct mailbox *m, const struct kept_list *l)
{
	const struct kept_message **v = xcalloc(l->nmessages + 1, sizeof *v);
	struct undelete_result r;
	struct err err = { 0 };

	for (size_t i = 0; i < l->nmessages; i++)
		v[i] = &l->messages[i];
	if (undelete_messages(m, v, l->nmessages, &r, &err) == -1)
		fail_msg("undelete: %s", err.text);
	xfree(&v);
	return r.restored;
}

static struct retained
sums(void)
{
	struct retained r;
	struct err err = { 0 };

	if (account_retained(fx_account, &r, &err) == -1)
		fail_msg("sums: %s", err.text);
	return r;
}

static uint32_t
append_full(struct mailbox *m)
{
	const struct append_info info = { .flags = MSG_SEEN | MSG_ANSWERED,
		.keywords = SLICE("$Junk travel"),
		.has_date = true,
		.date_s = DATE };

	return fx_try_append(m, "Subject: x\r\n\r\nbody\r\n", &info, NULL);
}

static void
test_there_and_back(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct kept_list l;
	struct message_info was, is;
	uint32_t uid;
	char text[100];

	(void)state;
	begin(WEEK_S, 0);
	for (int again = 0; again < 2; again++) {
		uid = append_full(m);
		was = fx_info(m, uid);
		fx_flags(m, uid, FLAGS_ADD, MSG_FLAGGED | MSG_DELETED, "");
		expunge(m, uid);
		assert_int_equal(fx_status(m).messages, 0);
		assert_int_equal(sums().messages, 1);
		assert_int_equal(sums().bytes, was.size);
		if (again == 1) {
			rebuild();
			assert_int_equal(sums().messages, 1);
			assert_int_equal(sums().bytes, was.size);
		}
		l = kept();
		assert_int_equal(l.nmessages, 1);
		assert_true(slice_is(l.messages[0].mailbox->name, "INBOX"));
		assert_true(l.messages[0].mailbox->exists);
		assert_int_equal(l.messages[0].uid, uid);
		assert_int_equal(l.messages[0].expunged_s, clock_wall_s());
		assert_int_equal(l.messages[0].saved_s, was.saved_s);
		assert_int_equal(bring(m, &l), 1);
		/* Once. */
		assert_int_equal(bring(m, &l), 0);
		keptlist_fini(&l);
		assert_int_equal(nkept(), 0);
		assert_int_equal(sums().messages, 0);
		assert_int_equal(fx_status(m).messages, 1);
		is = fx_info(m, fx_status(m).uidnext - 1);
		assert_true(is.uid > uid);
		assert_int_equal(
		    is.flags, MSG_SEEN | MSG_ANSWERED | MSG_FLAGGED);
		assert_string_equal(fx_keywords(m, is.uid), "$Junk travel");
		assert_int_equal(is.date_s, DATE);
		assert_true(is.email_id == was.email_id);
		assert_int_equal(is.vsize, was.vsize);
		fx_body(m, is.uid, text, sizeof text);
		assert_string_equal(text, "Subject: x\n\nbody\n");
		message_remove(m, &is.uid, 1, NULL);
	}
	assert_int_equal(nkept(), 0);
	mailbox_close(&m);
}

static void
test_many_keywords(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct append_info info = { .flags = 0 };
	char names[400] = "", want[400];
	struct kept_list l;
	size_t at = 0;
	uint32_t uid;

	(void)state;
	begin(WEEK_S, 0);
	for (int i = 10; i < 50; i++)
		at += (size_t)snprintf(names + at, sizeof names - at, "%sk%d",
		    i > 10 ? " " : "", i);
	info.keywords = slice_str(names);
	uid = fx_try_append(m, "x\r\n", &info, NULL);
	snprintf(want, sizeof want, "%s", fx_keywords(m, uid));
	expunge(m, uid);
	rebuild();
	l = kept();
	assert_int_equal(bring(m, &l), 1);
	keptlist_fini(&l);
	assert_string_equal(fx_keywords(m, fx_status(m).uidnext - 1), want);
	mailbox_close(&m);
}

/* A name of another program's as long as a name can be. */
static void
test_long_name(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char name[256] = "cur/";
	struct message_info was, is;
	struct kept_list l;

	(void)state;
	begin(WEEK_S, 0);
	memset(name + 4, 'x', 250);
	fx_write(name, "Subject: x\n\nx\n");
	fx_sync(m);
	was = fx_info(m, 1);
	expunge(m, 1);
	l = kept();
	assert_int_equal(bring(m, &l), 1);
	keptlist_fini(&l);
	is = fx_info(m, 2);
	assert_true(is.email_id == was.email_id);
	mailbox_close(&m);
}

static const struct kept_mailbox *
deleted(const struct kept_list *l, const char *name)
{
	for (size_t i = 0; i < l->nmailboxes; i++)
		if (l->mailboxes[i]->deleted_s != 0 &&
		    slice_is(l->mailboxes[i]->name, name))
			return l->mailboxes[i];
	return NULL;
}

static void delete (const char *name)
{
	struct err err = { 0 };

	if (mailbox_delete(fx_account, slice_str(name), &err) == -1)
		fail_msg("delete: %s", err.text);
	fx_flush();
}

static void
test_mailbox(void **state)
{
	struct mailbox_status was, is;
	struct kept_list l;
	struct mailbox *m;
	struct err err = { 0 };
	uint32_t uid;

	(void)state;
	begin(WEEK_S, 0);
	assert_int_equal(
	    mailbox_create(fx_account, SLICE("a/b.c"), 0, &err), 0);
	m = fx_box("a/b.c");
	uid = append_full(m);
	fx_append(m, "Subject: 2\r\n\r\n", MSG_DELETED);
	fx_flush();
	was = fx_status(m);
	mailbox_close(&m);
	delete ("a/b.c");
	assert_int_equal(
	    mailbox_open(fx_account, SLICE("a/b.c"), &m, NULL), ABSENT);
	assert_int_equal(sums().messages, 2);
	rebuild();
	assert_int_equal(sums().messages, 2);
	l = kept();
	assert_int_equal(l.nmessages, 2);
	assert_non_null(deleted(&l, "a/b.c"));
	assert_int_equal(
	    undelete_mailbox(fx_account, deleted(&l, "a/b.c"), &err), FOUND);
	assert_int_equal(
	    undelete_mailbox(fx_account, deleted(&l, "a/b.c"), &err), TEMPFAIL);
	assert_int_equal(err.code, ERR_EXISTS);
	keptlist_fini(&l);
	m = fx_box("a/b.c");
	fx_sync(m);
	is = fx_status(m);
	assert_int_equal(is.messages, 2);
	assert_int_equal(is.deleted, 1);
	assert_int_equal(is.uidvalidity, was.uidvalidity);
	assert_string_equal(is.id, was.id);
	assert_true(is.uidnext >= was.uidnext);
	assert_string_equal(fx_keywords(m, uid), "$Junk travel");
	mailbox_close(&m);
	/* There is another of its name: its messages come into that. */
	delete ("a/b.c");
	assert_int_equal(
	    mailbox_create(fx_account, SLICE("a/b.c"), 0, &err), 0);
	l = kept();
	m = fx_box("a/b.c");
	assert_int_equal(bring(m, &l), 2);
	keptlist_fini(&l);
	assert_int_equal(fx_status(m).messages, 2);
	assert_string_equal(fx_keywords(m, 1), "$Junk travel");
	mailbox_close(&m);
	assert_int_equal(nkept(), 0);
	/* An empty one is not worth it. */
	assert_int_equal(mailbox_create(fx_account, SLICE("e"), 0, &err), 0);
	delete ("e");
	l = kept();
	assert_null(deleted(&l, "e"));
	keptlist_fini(&l);
}

/* What was changed a moment before, and no name says yet. */
static void
test_flags_of_a_deleted_mailbox(void **state)
{
	const struct flags_change change = { .op = FLAGS_SET,
		.flags = MSG_SEEN | MSG_FLAGGED,
		.keywords = SLICE("late"),
		.unchanged_since = UINT64_MAX };
	struct message_info info;
	uint32_t uids[200];
	struct kept_list l;
	struct mailbox *m;
	struct err err = { 0 };
	uint64_t from, to;

	(void)state;
	begin(WEEK_S, 0);
	assert_int_equal(mailbox_create(fx_account, SLICE("late"), 0, &err), 0);
	m = fx_box("late");
	for (size_t i = 0; i < ARRAY_LEN(uids); i++)
		uids[i] = fx_append(m, "Subject: 1\r\n\r\n", 0);
	fx_flush();
	assert_int_equal(message_flags(m, uids, ARRAY_LEN(uids), &change, NULL,
			     &from, &to, &err),
	    0);
	mailbox_close(&m);
	if (mailbox_delete(fx_account, SLICE("late"), &err) == -1)
		fail_msg("delete: %s", err.text);
	l = kept();
	assert_int_equal(
	    undelete_mailbox(fx_account, deleted(&l, "late"), &err), FOUND);
	keptlist_fini(&l);
	m = fx_box("late");
	fx_sync(m);
	for (size_t i = 0; i < ARRAY_LEN(uids); i++) {
		assert_int_equal(message_find(m, uids[i], &info, &err), FOUND);
		assert_int_equal(info.flags & MSG_FLAGS, change.flags);
		assert_string_equal(fx_keywords(m, uids[i]), "late");
	}
	mailbox_close(&m);
}

/* A default mailbox is shown again. */
static void
test_default_mailbox(void **state)
{
	struct mailbox *m = fx_box("Trash");
	struct kept_list l;
	struct err err = { 0 };

	(void)state;
	begin(WEEK_S, 0);
	fx_append(m, "x\r\n", 0);
	mailbox_close(&m);
	delete ("Trash");
	assert_int_equal(
	    mailbox_open(fx_account, SLICE("Trash"), &m, NULL), ABSENT);
	l = kept();
	assert_int_equal(
	    undelete_mailbox(fx_account, deleted(&l, "Trash"), &err), FOUND);
	keptlist_fini(&l);
	m = fx_box("Trash");
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, 1);
	assert_int_equal(fx_status(m).special, MAILBOX_TRASH);
	mailbox_close(&m);
}

static void
test_expiry(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct err err = { 0 };
	uint32_t uids[300];
	bool more;

	(void)state;
	begin(WEEK_S, 0);
	for (size_t i = 0; i < ARRAY_LEN(uids); i++)
		uids[i] = fx_append(m, "x\r\n", 0);
	assert_int_equal(
	    message_expunge(m, uids, ARRAY_LEN(uids), true, &err), 0);
	clock_set_wall(7LL * DAY_MS - 60000);
	fx_flush();
	assert_int_equal(nkept(), ARRAY_LEN(uids));
	clock_set_wall(DAY_MS + 60000);
	assert_int_equal(account_expire(fx_account, false, &more, &err), 0);
	/* In steps. */
	assert_true(more);
	assert_in_range(nkept(), 1, ARRAY_LEN(uids) - 1);
	fx_flush();
	assert_int_equal(nkept(), 0);
	assert_int_equal(sums().messages, 0);
	/* By who opens the account next. */
	expunge(m, fx_append(m, "x\r\n", 0));
	mailbox_close(&m);
	fx_reopen();
	store_set_retention(fx_store, WEEK_S, 0);
	fx_flush();
	assert_int_equal(nkept(), 1);
	clock_set_wall(9LL * DAY_MS);
	fx_reopen();
	assert_false(store_is_behind(fx_store));
	store_set_retention(fx_store, WEEK_S, 0);
	m = fx_box("INBOX");
	clock_run(10000);
	expunge(m, fx_append(m, "x\r\n", 0));
	clock_run(10000);
	assert_int_equal(nkept(), 1);
	mailbox_close(&m);
}

static void
test_not_at_all(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	bool more;

	(void)state;
	/* A store that was told nothing. */
	ev_init();
	expunge(m, fx_append(m, "x\r\n", 0));
	assert_int_equal(nkept(), 0);
	store_set_retention(fx_store, WEEK_S, 0);
	expunge(m, fx_append(m, "x\r\n", 0));
	assert_int_equal(nkept(), 1);
	store_set_retention(fx_store, -1, 0);
	fx_flush();
	assert_int_equal(nkept(), 1);
	store_set_retention(fx_store, 0, 0);
	expunge(m, fx_append(m, "x\r\n", 0));
	fx_flush();
	assert_int_equal(nkept(), 0);
	store_set_retention(fx_store, WEEK_S, 0);
	expunge(m, fx_append(m, "x\r\n", 0));
	assert_int_equal(nkept(), 1);
	do
		assert_int_equal(
		    account_expire(fx_account, true, &more, NULL), 0);
	while (more);
	assert_int_equal(nkept(), 0);
	/* The directory went under our feet. */
	expunge(m, fx_append(m, "x\r\n", 0));
	tree_remove(AT_FDCWD, fx_path(KEPT_DIR));
	expunge(m, fx_append(m, "x\r\n", 0));
	assert_int_equal(nkept(), 1);
	/* Something else is there in its place: then nothing is kept. */
	tree_remove(AT_FDCWD, fx_path(KEPT_DIR));
	assert_int_equal(symlink("/tmp", fx_path(KEPT_DIR)), 0);
	expunge(m, fx_append(m, "x\r\n", 0));
	assert_int_equal(unlink(fx_path(KEPT_DIR)), 0);
	fx_write(KEPT_DIR, "");
	expunge(m, fx_append(m, "x\r\n", 0));
	assert_int_equal(fx_status(m).messages, 0);
	assert_int_equal(unlink(fx_path(KEPT_DIR)), 0);
	mailbox_close(&m);
}

static void
test_bound(void **state)
{
	static char body[2000];
	struct mailbox *m = fx_box("INBOX");
	struct err err = { 0 };

	(void)state;
	begin(WEEK_S, 5000);
	memset(body, 'x', sizeof body - 3);
	memcpy(body + sizeof body - 3, "\r\n", 3);
	for (int i = 0; i < 5; i++)
		expunge(m, fx_append(m, body, 0));
	assert_int_equal(nkept(), 2);
	/* The next day there is room again, and the oldest go. */
	clock_set_wall(DAY_MS);
	for (int i = 0; i < 2; i++)
		expunge(m, fx_append(m, body, 0));
	assert_int_equal(nkept(), 4);
	fx_flush();
	assert_int_equal(nkept(), 2);
	assert_true(sums().bytes <= 5000);
	/* A mailbox that is too large. */
	assert_int_equal(mailbox_create(fx_account, SLICE("b"), 0, &err), 0);
	mailbox_close(&m);
	m = fx_box("b");
	for (int i = 0; i < 3; i++)
		fx_append(m, body, 0);
	mailbox_close(&m);
	delete ("b");
	assert_int_equal(nkept(), 2);
	/* The quota is one as well. */
	m = fx_box("INBOX");
	store_set_retention(fx_store, WEEK_S, 0);
	account_set_owner(
	    fx_account, SLICE(""), &(struct quota){ .bytes = 2500 });
	clock_set_wall(DAY_MS);
	expunge(m, fx_append(m, "x\r\n", 0));
	fx_flush();
	assert_int_equal(nkept(), 1);
	mailbox_close(&m);
}

/* Over quota nothing comes back, and nothing is lost. */
static void
test_quota(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	const struct kept_message *v;
	struct undelete_result r;
	struct kept_list l;
	struct err err = { 0 };

	(void)state;
	begin(WEEK_S, 0);
	expunge(m, fx_append(m, "Subject: x\r\n\r\nxxxxxxxxxxxxxxxx\r\n", 0));
	account_set_owner(
	    fx_account, SLICE(""), &(struct quota){ .bytes = 10 });
	l = kept();
	v = &l.messages[0];
	assert_int_equal(undelete_messages(m, &v, 1, &r, &err), -1);
	assert_int_equal(err.code, ERR_OVER_QUOTA);
	assert_int_equal(r.restored, 0);
	account_set_owner(fx_account, SLICE(""), &(struct quota){ .bytes = 0 });
	assert_int_equal(bring(m, &l), 1);
	keptlist_fini(&l);
	mailbox_close(&m);
}

static void
test_days(void **state)
{
	static const char *const bad[] = { "", "2026", "2026-11-31",
		"2026-02-29", "2026-1-01", "2026-11-30x", "26-11-30",
		"2026-11-30.", "abcd-ef-gh", "2026-13-01", "2026-00-10" };
	char day[KEPT_DAY_SIZE];

	(void)state;
	for (int64_t t = 0; t < 5000000000; t += 86399 * 37) {
		keptdir_day(day, t);
		assert_int_equal(keptdir_parse_day(day), t - t % 86400);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(keptdir_parse_day(bad[i]), -1);
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "about", "1.M1P1.h,S=3:2,",
		"a,X=:2,", "a,X=1:2,", "a,X=1.:2,", "a,X=.1:2,", "a,X=1.2.3:2,",
		",X=1.2:2,", "a,X=-1.2:2," };
	char name[KEPT_NAME_SIZE];
	struct keptname k;

	(void)state;
	keptdir_name(name, "1.M1P1.h,S=3,W=4,U=7:2,FSTab", 100, 50);
	assert_string_equal(name, "1.M1P1.h,S=3,W=4,U=7,X=100.50:2,FST");
	assert_true(keptdir_parse_name(slice_str(name), &k));
	assert_int_equal(k.expunged_s, 100);
	assert_int_equal(k.saved_s, 50);
	assert_int_equal(k.f.uid, 7);
	assert_int_equal(k.f.flags, MSG_FLAGGED | MSG_SEEN | MSG_DELETED);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(keptdir_parse_name(slice_str(bad[i]), &k));
}

/* ---- random work against a model ---- */

enum { MESSAGES = 400, ROUNDS = 1500, BOXES = 3 };
static const char *const box_names[BOXES] = { "INBOX", "a", "b" };

enum where { NOWHERE, LIVE, KEPT };
static struct {
	enum where where;
	uint64_t email_id;
} model[MESSAGES];
static size_t nmodel;

static uint64_t seed;

static unsigned
rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 32) % n);
}

/* Counts messages by their email ids: N of them in the whole account. */
static size_t
count_live(uint64_t email_id)
{
	struct message_info info[MESSAGES];
	size_t got, n = 0;

	for (size_t i = 0; i < BOXES; i++) {
		struct mailbox *m;

		if (mailbox_open(
			fx_account, slice_str(box_names[i]), &m, NULL) != FOUND)
			continue;
		assert_int_equal(
		    message_read(m, 1, info, MESSAGES, &got, NULL), 0);
		for (size_t k = 0; k < got; k++)
			n += info[k].email_id == email_id;
		mailbox_close(&m);
	}
	return n;
}

static size_t
count_kept(const struct kept_list *l, uint64_t email_id)
{
	struct filename f;
	size_t n = 0;

	for (size_t i = 0; i < l->nmessages; i++) {
		filename_parse(slice_str(l->messages[i].file), &f);
		n += f.email_id == email_id;
	}
	return n;
}

static void
check_model(void)
{
	struct kept_list l = kept();
	struct retained r = sums();
	size_t all = 0;

	for (size_t i = 0; i < nmodel; i++) {
		const size_t live = count_live(model[i].email_id);
		const size_t back = count_kept(&l, model[i].email_id);

		assert_int_equal(live, model[i].where == LIVE);
		assert_int_equal(back, model[i].where == KEPT);
		all += back;
	}
	assert_int_equal(all, l.nmessages);
	assert_int_equal(r.messages, l.nmessages);
	keptlist_fini(&l);
}

static void
set_where(uint64_t email_id, enum where from, enum where to)
{
	for (size_t i = 0; i < nmodel; i++)
		if (model[i].email_id == email_id) {
			assert_int_equal(model[i].where, from);
			model[i].where = to;
			return;
		}
	fail_msg("an unknown message");
}

static void
do_append(struct mailbox *m)
{
	if (nmodel == MESSAGES)
		return;
	model[nmodel].email_id =
	    fx_info(m, rnd(2) ? append_full(m) : fx_append(m, "y\r\n", 0))
		.email_id;
	model[nmodel++].where = LIVE;
}

static void
do_expunge(struct mailbox *m)
{
	struct message_info info[MESSAGES];
	uint32_t uids[MESSAGES];
	size_t got, n = 0;

	assert_int_equal(message_read(m, 1, info, MESSAGES, &got, NULL), 0);
	for (size_t i = 0; i < got; i++) {
		if (rnd(3) > 0)
			continue;
		uids[n++] = info[i].uid;
		set_where(info[i].email_id, LIVE, KEPT);
	}
	assert_int_equal(message_expunge(m, uids, n, true, NULL), 0);
}

static void
do_delete(struct mailbox **m, const char *name)
{
	struct message_info info[MESSAGES];
	size_t got;

	if (strcmp(name, "INBOX") == 0)
		return;
	assert_int_equal(message_read(*m, 1, info, MESSAGES, &got, NULL), 0);
	for (size_t i = 0; i < got; i++)
		set_where(info[i].email_id, LIVE, KEPT);
	mailbox_close(m);
	delete (name);
	*m = NULL;
}

static void
do_undelete(struct mailbox *m)
{
	const struct kept_message *v[MESSAGES];
	struct undelete_result r;
	struct kept_list l = kept();
	struct filename f;
	size_t n = 0;

	for (size_t i = 0; i < l.nmessages; i++) {
		if (rnd(3) > 0)
			continue;
		v[n++] = &l.messages[i];
		filename_parse(slice_str(l.messages[i].file), &f);
		set_where(f.email_id, KEPT, LIVE);
	}
	assert_int_equal(undelete_messages(m, v, n, &r, NULL), 0);
	assert_int_equal(r.restored, n);
	keptlist_fini(&l);
}

static void
do_undelete_mailbox(void)
{
	struct kept_list l = kept();
	const struct kept_mailbox *m;
	struct filename f;
	size_t i;

	for (i = 0; i < l.nmailboxes && l.mailboxes[i]->deleted_s == 0; i++)
		;
	m = i < l.nmailboxes ? l.mailboxes[i] : NULL;
	if (m != NULL && undelete_mailbox(fx_account, m, NULL) == FOUND)
		for (i = 0; i < l.nmessages; i++)
			if (l.messages[i].mailbox == m) {
				filename_parse(
				    slice_str(l.messages[i].file), &f);
				set_where(f.email_id, KEPT, LIVE);
			}
	keptlist_fini(&l);
}

static void
do_wait(void)
{
	clock_set_wall(10LL * DAY_MS);
	fx_flush();
	for (size_t i = 0; i < nmodel; i++)
		if (model[i].where == KEPT)
			model[i].where = NOWHERE;
}

static struct mailbox *
some_box(const char **name)
{
	struct mailbox *m;
	struct err err;

	*name = box_names[rnd(BOXES)];
	if (mailbox_open(fx_account, slice_str(*name), &m, &err) == FOUND)
		return m;
	assert_int_equal(
	    mailbox_create(fx_account, slice_str(*name), 0, &err), 0);
	return fx_box(*name);
}

static void
test_model(void **state)
{
	(void)state;
	begin(WEEK_S, 0);
	seed = getenv("PABAL_SEED") != NULL
		   ? strtoull(getenv("PABAL_SEED"), NULL, 10)
		   : arc4random() | 1ULL;
	print_message("PABAL_SEED=%llu\n", (unsigned long long)seed);
	nmodel = 0;
	for (unsigned i = 0; i < ROUNDS && nmodel < MESSAGES; i++) {
		const char *name;
		struct mailbox *m = some_box(&name);
		const unsigned what = rnd(100);

		if (what < 60)
			do_append(m);
		else if (what < 75)
			do_expunge(m);
		else if (what < 80)
			do_delete(&m, name);
		else if (what < 90)
			do_undelete(m);
		else if (what < 95)
			do_undelete_mailbox();
		else if (what < 97)
			rebuild();
		else if (what < 98)
			do_wait();
		mailbox_close(&m);
		fx_flush();
		if (i % 10 == 0)
			check_model();
	}
	check_model();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		KX(test_there_and_back),
		KX(test_many_keywords),
		KX(test_long_name),
		KX(test_mailbox),
		KX(test_flags_of_a_deleted_mailbox),
		KX(test_default_mailbox),
		KX(test_expiry),
		KX(test_not_at_all),
		KX(test_bound),
		KX(test_quota),
		KX(test_model),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
