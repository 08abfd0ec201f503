/* SPDX-License-Identifier: ISC */
#include "store/view.h"
#include "store/view_event.h"

#include "tests/unit/store/fixture.h"

#include "base/mem.h"
#include "index/tx.h"
#include "maildir/filename.h"
#include "store/sync.h"
#include "store/view_marks.h"
#include "store/view_save.h"
#include "store/view_since.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

/* Events as text: "x2" expunge, "e5" exists, "f3" flags, "k" keywords, "G"
 * gone. */
static void
on_event(void *arg, const struct view_event *e)
{
	static const char letters[] = "xefkG";
	struct buf *out = arg;

	buf_addc(out, letters[e->kind]);
	if (e->seq != 0)
		buf_addu(out, e->seq);
	buf_addc(out, ' ');
}

static void
expect(struct view *v, bool expunges, const char *want)
{
	struct err err = { 0 };
	struct buf out;

	buf_init(&out, 1 << 20);
	if (view_sync(v, expunges, on_event, &out, NULL, &err) == -1)
		fail_msg("sync: %s", err.text);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static struct view *
open_view(struct mailbox *m, unsigned flags)
{
	struct err err = { 0 };
	struct view *v = view_open(m, flags, &err);

	if (v == NULL)
		fail_msg("view: %s", err.text);
	return v;
}

static void
expunge(struct mailbox *m, uint32_t uid)
{
	assert_int_equal(message_expunge(m, &uid, 1, true, NULL), 0);
}

static void
test_events(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view *v;

	(void)state;
	for (int i = 0; i < 5; i++)
		fx_append(m, MAIL, 0);
	expunge(m, 2);
	v = open_view(m, 0);
	assert_int_equal(view_count(v), 4);
	assert_int_equal(view_uid(v, 2), 3);
	assert_int_equal(view_seq(v, 2), 0);
	assert_int_equal(view_seq(v, 5), 4);
	assert_int_equal(view_seq_from(v, 2), 2);
	assert_int_equal(view_seq_from(v, 6), 5);
	expect(v, true, "");
	fx_append(m, MAIL, 0);
	fx_append(m, MAIL, 0);
	fx_flags(m, 3, FLAGS_ADD, MSG_SEEN, "");
	fx_flags(m, 3, FLAGS_ADD, MSG_SEEN, "");
	fx_flags(m, 7, FLAGS_ADD, MSG_SEEN, "");
	expunge(m, 1);
	expunge(m, 4);
	/* 1 3 4 5 | 6 7 -> 3 5 6 7 */
	expect(v, true, "x1 x2 e4 f1 ");
	assert_int_equal(view_modseq(v), fx_status(m).highestmodseq);
	assert_int_equal(view_uid(v, 1), 3);
	assert_int_equal(view_uid(v, 4), 7);
	assert_int_equal(view_recents(v), 4);
	expect(v, true, "");
	view_close(&v);
	mailbox_close(&m);
}

/* What happened between is told, as to the view itself. */
static void
test_saved(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view *v, *same;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 6; i++)
		fx_append(m, MAIL, 0);
	expunge(m, 3);
	v = open_view(m, 0);
	assert_true(view_save(v, &text));
	fx_flags(m, 2, FLAGS_ADD, MSG_SEEN, "");
	expunge(m, 1);
	expunge(m, 5);
	fx_append(m, MAIL, 0);
	same = view_restore(m, 0, buf_slice(&text));
	assert_non_null(same);
	assert_int_equal(view_count(same), 5);
	assert_int_equal(view_uid(same, 3), 4);
	assert_int_equal(view_recents(same), view_recents(v));
	assert_int_equal(view_modseq(same), view_modseq(v));
	expect(same, true, "x1 x3 e4 f1 ");
	expect(v, true, "x1 x3 e4 f1 ");
	/* Something is to be told still: not now. */
	expunge(m, 2);
	expect(v, false, "");
	buf_reset(&text);
	assert_false(view_save(v, &text));
	expect(v, true, "x1 ");
	assert_true(view_save(v, &text));
	view_close(&v);
	view_close(&same);
	buf_fini(&text);
	mailbox_close(&m);
}

static void
test_not_saved(void **state)
{
	static const char *const none[] = {
		"",
		" ",
		"1",
		"1 2 3 4 5 6",
		"1 2 3 4 5 6 ",
		"1 2 3 4 5 6 0 ",
		"1 2 3 4 5 6 0 1",
		"1 2 3 4 5 6 0 1 0",
		"1 2 3 4 5 6 0 0 1",
		"1 2 3 4 5 6 0 5 1 5 1",
		"1 2 3 4 5 6 0 5 2 6 1",
		"1 2 3 4 5 6 0 4294967295 2",
		"1 2 3 4 5 6 0 4294967296 1",
		"1 2 3 4 5 6 1",
		"1 2 3 4 5 6 1 5 5",
		"1 2 3 4 5 6 1 5 4",
		"1 2 3 4 5 6 2 5 7 6 9",
		"1 2 3 4 5 6 4294967295 1 2",
		"1 2 3 4 5 6 0x",
		"1 2 3 4 5 6 0 1 1\n",
		"-1 2 3 4 5 6 0",
		"1 2 9223372036854775808 4 5 6 0",
	};
	static const char *const some[] = {
		"1 2 3 4 5 6 0",
		"1 2 3 4 5 6 0 1 4294967295",
		"1 2 3 4 5 6 1 5 4294967296 5 1 7 2",
	};
	struct mailbox *m = fx_box("INBOX");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_null(view_restore(m, 0, slice_str(none[i])));
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		struct view *v = view_restore(m, 0, slice_str(some[i]));

		assert_non_null(v);
		view_close(&v);
	}
	mailbox_close(&m);
}

/* Many changes are told some at a time; what comes meanwhile waits. */
static void
test_in_steps(void **state)
{
	enum { MANY = 1200 };
	struct mailbox *m = fx_box("INBOX");
	uint32_t uids[MANY];
	struct flags_change seen = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	struct view *v;
	struct buf out;
	unsigned calls = 0, told = 0;
	bool more = true;

	(void)state;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < MANY; i++)
		uids[i] = fx_append(m, MAIL, 0);
	v = open_view(m, 0);
	assert_int_equal(view_flags(v, uids, 10, &seen, true, NULL, NULL), 0);
	assert_int_equal(
	    view_flags(v, uids + 10, MANY - 10, &seen, false, NULL, NULL), 0);
	while (more) {
		assert_int_equal(
		    view_sync(v, true, on_event, &out, &more, NULL), 0);
		assert_int_equal(view_untold(v), more);
		if (calls++ == 0) {
			assert_int_equal(strncmp(out.p, "f11 f12 ", 8), 0);
			expunge(m, uids[MANY - 1]);
			expunge(m, uids[0]);
			fx_append(m, MAIL, 0);
		}
	}
	for (size_t i = 0; i < out.n; i++)
		told += out.p[i] == 'f';
	assert_true(calls > 2);
	/* One of them was gone when its turn came, and nothing else is told. */
	assert_int_equal(told, MANY - 11);
	assert_null(memchr(out.p, 'x', out.n));
	expect(v, true, "x1 x1199 e1199 ");
	/* The same as a session's own, after all. */
	assert_int_equal(view_flags(v, uids + 1, 1,
			     &(struct flags_change){ .op = FLAGS_DEL,
				 .flags = MSG_SEEN,
				 .unchanged_since = UINT64_MAX },
			     true, NULL, NULL),
	    0);
	view_tell_own(v);
	expect(v, true, "f1 ");
	buf_fini(&out);
	view_close(&v);
	mailbox_close(&m);
}

/* RFC 3501 7.4.1: no EXPUNGE during FETCH, STORE, SEARCH. */
static void
test_held_back(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view *v;

	(void)state;
	for (int i = 0; i < 3; i++)
		fx_append(m, MAIL, 0);
	v = open_view(m, 0);
	expunge(m, 1);
	expunge(m, 3);
	fx_append(m, MAIL, 0);
	fx_flags(m, 2, FLAGS_ADD, MSG_SEEN, "");
	expect(v, false, "e4 f2 ");
	assert_int_equal(view_pending(v), 2);
	assert_int_equal(view_count(v), 4);
	expect(v, false, "");
	expunge(m, 2);
	expect(v, true, "x1 x1 x1 ");
	assert_int_equal(view_pending(v), 0);
	assert_int_equal(view_uid(v, 1), 4);
	view_close(&v);
	mailbox_close(&m);
}

static void
test_two_sessions(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view *a, *b;
	const struct flags_change seen = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	const uint32_t one = 1;

	(void)state;
	fx_append(m, MAIL, 0);
	a = open_view(m, 0);
	b = open_view(m, 0);
	assert_int_equal(view_recents(a), 1);
	assert_int_equal(view_recents(b), 0);
	assert_int_equal(view_flags(a, &one, 1, &seen, true, NULL, NULL), 0);
	expect(a, true, "");
	expect(b, true, "f1 ");
	expect(a, true, "");
	/* A later change by another is told as such. */
	assert_int_equal(view_flags(a, &one, 1, &seen, true, NULL, NULL), 0);
	fx_flags(m, 1, FLAGS_DEL, MSG_SEEN, "");
	expect(a, true, "f1 ");
	fx_append(m, MAIL, 0);
	expect(b, true, "e2 f1 ");
	expect(a, true, "e2 ");
	assert_int_equal(view_recents(a), 1);
	assert_int_equal(view_recents(b), 1);
	fx_flags(m, 2, FLAGS_ADD, 0, "new");
	expect(a, true, "k f2 ");
	view_close(&a);
	view_close(&b);
	mailbox_close(&m);
}

/* What another one did to a message before the session changed it silently is
 * told, once, however often that is. */
static void
test_change_upon_change(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct flags_change seen = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	struct flags_change none = seen;
	const uint32_t uids[] = { 1, 2, 3 };
	struct view *v;

	(void)state;
	none.op = FLAGS_DEL;
	for (int i = 0; i < 3; i++)
		fx_append(m, MAIL, 0);
	v = open_view(m, 0);
	fx_flags(m, 2, FLAGS_ADD, MSG_FLAGGED, "");
	assert_int_equal(view_flags(v, uids, 3, &seen, true, NULL, NULL), 0);
	assert_true(view_is_own(v, fx_info(m, 1).modseq));
	assert_false(view_is_own(v, fx_info(m, 2).modseq));
	assert_true(view_is_own(v, fx_info(m, 3).modseq));
	assert_int_equal(view_flags(v, uids, 3, &none, true, NULL, NULL), 0);
	expect(v, true, "f2 ");
	expect(v, true, "");
	/* Told by now: the session's own again, also a second time. */
	assert_int_equal(view_flags(v, uids, 3, &seen, true, NULL, NULL), 0);
	assert_int_equal(view_flags(v, uids, 3, &none, true, NULL, NULL), 0);
	expect(v, true, "");
	/* Between two of the session's own. */
	assert_int_equal(view_flags(v, uids, 3, &seen, true, NULL, NULL), 0);
	fx_flags(m, 3, FLAGS_DEL, MSG_SEEN, "");
	assert_int_equal(view_flags(v, uids, 3, &seen, true, NULL, NULL), 0);
	expect(v, true, "f3 ");
	/* What changes nothing leaves what the other one did. */
	fx_flags(m, 1, FLAGS_ADD, MSG_DELETED, "");
	assert_int_equal(view_flags(v, uids, 1, &seen, true, NULL, NULL), 0);
	expect(v, true, "f1 ");
	view_close(&v);
	mailbox_close(&m);
}

static void
test_unchanged_since(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	const uint32_t uids[] = { 1, 2, 3, 4 };
	struct flags_change c = { .op = FLAGS_ADD, .flags = MSG_SEEN };
	uint64_t from, to;
	struct buf failed;

	(void)state;
	buf_init(&failed, 100);
	for (int i = 0; i < 3; i++)
		fx_append(m, MAIL, 0);
	c.unchanged_since = fx_status(m).highestmodseq;
	fx_flags(m, 2, FLAGS_ADD, MSG_FLAGGED, "");
	assert_int_equal(
	    message_flags(m, uids, 4, &c, &failed, &from, &to, NULL), 0);
	/* and what is not there */
	assert_int_equal(failed.n, 2 * sizeof(uint32_t));
	assert_int_equal(((uint32_t *)(void *)failed.p)[0], 2);
	assert_int_equal(((uint32_t *)(void *)failed.p)[1], 4);
	assert_int_equal(to - from, 2);
	assert_int_equal(fx_info(m, 2).flags, MSG_FLAGGED);
	assert_int_equal(fx_info(m, 3).flags, MSG_SEEN);
	assert_int_equal(fx_info(m, 3).modseq, to - 1);
	buf_fini(&failed);
	mailbox_close(&m);
}

static void
since(struct view *v, struct view_since *w, uint64_t modseq)
{
	bool more = true;

	view_since_init(w, modseq);
	while (more)
		assert_int_equal(view_since_step(v, w, &more, NULL), 0);
}

/* The log was cut behind what the client knows. */
static void
cut_log(struct mailbox *m)
{
	struct ix_box b;
	struct tx tx;

	assert_int_equal(sync_begin(m, TX_ROOM, &tx, &b, NULL), 0);
	tx.meta.log_floor = tx.meta.modseq;
	assert_int_equal(tx_commit(&tx, NULL), 0);
}

static void
test_cut_log(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view_since w;
	struct view *v;
	uint64_t modseq;

	(void)state;
	for (int i = 0; i < 5; i++)
		fx_append(m, MAIL, 0);
	expunge(m, 3);
	modseq = fx_status(m).highestmodseq;
	cut_log(m);
	/* Nothing happened here since, so nothing is missing. */
	v = open_view(m, 0);
	since(v, &w, modseq);
	assert_false(w.cut || w.all);
	view_since_fini(&w);
	view_close(&v);
	/* A change, and what is gone is not known; what changed is. */
	expunge(m, 2);
	v = open_view(m, 0);
	since(v, &w, modseq - 1);
	assert_true(w.cut);
	assert_false(w.all);
	view_since_fini(&w);
	view_close(&v);
	mailbox_close(&m);
}

static void
test_vanished(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view_since w;
	struct view *v;
	uint64_t modseq;

	(void)state;
	for (int i = 0; i < 4; i++)
		fx_append(m, MAIL, 0);
	modseq = fx_status(m).highestmodseq;
	expunge(m, 3);
	expunge(m, 1);
	v = open_view(m, 0);
	expunge(m, 4); /* not in what the picture shows */
	since(v, &w, modseq);
	assert_false(w.cut || w.all);
	assert_int_equal(w.changed.n, 0);
	assert_int_equal(w.gone.n, 2 * sizeof(uint32_t));
	assert_int_equal(((uint32_t *)(void *)w.gone.p)[0], 1);
	assert_int_equal(((uint32_t *)(void *)w.gone.p)[1], 3);
	view_since_fini(&w);
	/* from before the index, and of another one */
	since(v, &w, 1);
	assert_true(w.cut && w.all);
	view_since_fini(&w);
	since(v, &w, UINT64_MAX / 2);
	assert_true(w.cut && w.all && w.modseq == 0);
	view_since_fini(&w);
	/* nothing happened */
	since(v, &w, view_modseq(v));
	assert_false(w.cut || w.all || w.gone.n > 0 || w.changed.n > 0);
	view_since_fini(&w);
	view_close(&v);
	mailbox_close(&m);
}

static void
test_gone(void **state)
{
	struct mailbox *m = fx_box("Junk");
	struct view *v = open_view(m, 0);

	(void)state;
	assert_int_equal(mailbox_delete(fx_account, SLICE("Junk"), NULL), 0);
	expect(v, true, "G ");
	assert_int_equal(mailbox_create(fx_account, SLICE("Junk"), 0, NULL), 0);
	expect(v, true, "G ");
	view_close(&v);
	mailbox_close(&m);
}

/* The index is replaced under a session's feet. */
static void
test_over_rebuild(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view *v;

	(void)state;
	for (int i = 0; i < 3; i++)
		fx_append(m, MAIL, 0);
	v = open_view(m, 0);
	expunge(m, 2);
	tree_remove(AT_FDCWD, fx_path("pabal.index"));
	fx_append(m, MAIL, 0);
	/* UIDs go on above the ceiling. */
	expect(v, true, "k x2 e3 f1 f2 ");
	assert_int_equal(view_uid(v, 2), 3);
	assert_int_equal(view_uid(v, 3), 1001);
	view_close(&v);
	mailbox_close(&m);
}

/* The picture against a model: many sessions, one mailbox, a fixed sequence of
 * chances. */
struct model {
	struct view *v;
	uint32_t uids[6000];
	uint32_t n;
};

static void
on_model_event(void *arg, const struct view_event *e)
{
	struct model *m = arg;

	if (e->kind == VIEW_EXPUNGE) {
		assert_true(e->seq >= 1 && e->seq <= m->n);
		assert_int_equal(m->uids[e->seq - 1], e->uid);
		memmove(m->uids + e->seq - 1, m->uids + e->seq,
		    (m->n - e->seq) * sizeof(uint32_t));
		m->n--;
	} else if (e->kind == VIEW_EXISTS) {
		assert_true(e->seq > m->n);
		while (m->n < e->seq) {
			m->n++;
			m->uids[m->n - 1] = view_uid(m->v, m->n);
		}
	} else if (e->kind == VIEW_FLAGS) {
		assert_int_equal(m->uids[e->seq - 1], e->uid);
	}
}

static uint32_t
rnd(uint32_t n)
{
	static uint64_t x = 88172645463325252U;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32) % n;
}

static void
check_model(const struct model *m)
{
	assert_int_equal(m->n, view_count(m->v));
	for (uint32_t i = 1; i <= m->n; i++) {
		assert_int_equal(view_uid(m->v, i), m->uids[i - 1]);
		assert_true(i == 1 || m->uids[i - 2] < m->uids[i - 1]);
	}
}

/* The marks are what the index has of each message, also of those that are
 * gone and still have numbers. */
static void
check_marks(struct mailbox *m, struct view *v)
{
	bool more = true;

	while (more)
		assert_int_equal(view_mark(v, &more, NULL), 0);
	for (uint32_t i = 1; i <= view_count(v); i++) {
		struct message_info info;
		const enum found f =
		    message_find(m, view_uid(v, i), &info, NULL);

		assert_int_equal(view_marks(v)[i - 1],
		    f == FOUND ? info.flags : VIEW_MARK_GONE);
	}
}

/* Again, with what is there. */
static void
reopen(struct mailbox *m, struct model *s)
{
	view_close(&s->v);
	s->v = open_view(m, 0);
	s->n = view_count(s->v);
	for (uint32_t i = 1; i <= s->n; i++)
		s->uids[i - 1] = view_uid(s->v, i);
	assert_int_equal(s->n, fx_status(m).messages);
}

static void
test_model(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	static struct model s[3];
	uint32_t live = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		s[i].v = open_view(m, 0);
	for (int step = 0; step < 1500; step++) {
		struct model *who = &s[rnd(3)];
		const uint32_t uid = 1 + rnd(fx_status(m).uidnext);
		const uint32_t what = rnd(10);

		if (what < 3 && live < 300) {
			fx_append(m, "x\r\n", 0);
		} else if (what < 5) {
			expunge(m, uid);
		} else if (what < 7) {
			fx_flags(m, uid, FLAGS_SET, rnd(64), "");
		} else {
			assert_int_equal(view_sync(who->v, what == 9,
					     on_model_event, who, NULL, NULL),
			    0);
			check_model(who);
			if (rnd(3) == 0)
				check_marks(m, who->v);
			if (rnd(8) == 0)
				reopen(m, who);
		}
		live = fx_status(m).messages;
	}
	for (int i = 0; i < 3; i++) {
		view_sync(s[i].v, true, on_model_event, &s[i], NULL, NULL);
		check_model(&s[i]);
		assert_int_equal(s[i].n, live);
		view_close(&s[i].v);
	}
	mailbox_close(&m);
}

/* The picture is what the index has. */
static void
check_index(struct mailbox *m, struct view *v)
{
	struct message_info infos[64];
	uint32_t uid = 1, seq = 0;
	size_t n;

	do {
		assert_int_equal(message_read(m, uid, infos, 64, &n, NULL), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(view_uid(v, ++seq), infos[i].uid);
		uid = n > 0 ? infos[n - 1].uid + 1 : uid;
	} while (n > 0);
	assert_int_equal(seq, view_count(v));
	check_marks(m, v);
}

/* What others do between two steps. */
static void
disturb(struct mailbox *m)
{
	const uint32_t uidnext = fx_status(m).uidnext;

	fx_append(m, "x\r\n", 0);
	fx_append(m, "x\r\n", 0);
	expunge(m, uidnext); /* the first of these */
	for (int i = 0; i < 5; i++) {
		expunge(m, 1 + rnd(uidnext));
		fx_flags(m, 1 + rnd(uidnext), FLAGS_SET, rnd(64), "");
	}
	fx_flags(m, uidnext + 1, FLAGS_SET, MSG_FLAGGED, "");
}

static void
change_all(struct mailbox *m)
{
	const uint32_t uidnext = fx_status(m).uidnext;
	const struct flags_change change = {
		.op = FLAGS_SET, .flags = rnd(64), .unchanged_since = UINT64_MAX
	};
	uint32_t *uids = xcalloc(uidnext, sizeof *uids);
	uint64_t from, to;

	for (uint32_t uid = 1; uid < uidnext; uid++)
		uids[uid - 1] = uid;
	assert_int_equal(message_flags(m, uids, uidnext - 1, &change, NULL,
			     &from, &to, NULL),
	    0);
	xfree(&uids);
}

static unsigned
sync_in_steps(struct mailbox *m, struct model *model, bool expunges)
{
	unsigned steps = 0;
	bool more = true;

	while (more) {
		assert_int_equal(view_sync(model->v, expunges, on_model_event,
				     model, &more, NULL),
		    0);
		check_model(model);
		if (more && steps++ < 20)
			disturb(m);
		if (steps % 8 == 1)
			check_marks(m, model->v);
	}
	return steps;
}

/* A mailbox that was looked at before is not looked at anew for what has
 * changed since: one step is enough. */
static void
test_open_again(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct view *v;
	bool more = true;

	(void)state;
	for (unsigned i = 0; i < 4500; i++)
		fx_append(m, "x\r\n", 0);
	v = open_view(m, 0);
	view_close(&v);
	fx_flags(m, 7, FLAGS_ADD, MSG_SEEN, "travel");
	fx_flags(m, 9, FLAGS_ADD, 0, "invoices");
	expunge(m, 1);
	expunge(m, 4500);
	fx_append(m, "x\r\n", 0);
	fx_append(m, "x\r\n", 0);
	expunge(m, 4501);
	v = view_new(m, 0);
	assert_int_equal(view_fill(v, &more, NULL), 0);
	assert_false(more);
	check_index(m, v);
	assert_int_equal(view_count(v), 4499);
	assert_int_equal(view_uid(v, 4499), 4502);
	view_close(&v);
	/* Keywords that came since are not forgotten; those that went are. */
	assert_int_equal(mailbox_keywords(m)->used, 2);
	fx_flags(m, 7, FLAGS_DEL, 0, "travel");
	fx_flush();
	v = open_view(m, 0);
	view_close(&v);
	assert_int_equal(mailbox_keywords(m)->used, 1);
	expunge(m, 9);
	v = open_view(m, 0);
	view_close(&v);
	assert_int_equal(mailbox_keywords(m)->used, 0);
	mailbox_close(&m);
}

/* What is done in steps comes to the same, whatever happens in between. */
static void
test_model_in_steps(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	static struct model model;
	unsigned steps = 0;
	bool more = true;

	(void)state;
	for (unsigned i = 0; i < 4500; i++)
		fx_append(m, "x\r\n", 0);
	model.v = view_new(m, 0);
	while (more) {
		assert_int_equal(view_fill(model.v, &more, NULL), 0);
		if (more && steps++ < 5)
			disturb(m);
	}
	assert_in_range(steps, 1, 100);
	check_index(m, model.v);
	for (uint32_t i = 1; i <= view_count(model.v); i++)
		model.uids[model.n++] = view_uid(model.v, i);
	for (int round = 0; round < 4; round++) {
		change_all(m);
		for (int i = 0; i < 100; i++)
			expunge(m, 1 + rnd(fx_status(m).uidnext));
		assert_true(sync_in_steps(m, &model, round % 2 == 0) > 1);
		(void)sync_in_steps(m, &model, true);
		assert_int_equal(view_sync(model.v, true, on_model_event,
				     &model, NULL, NULL),
		    0);
		check_model(&model);
		check_index(m, model.v);
		assert_int_equal(view_pending(model.v), 0);
	}
	view_close(&model.v);
	mailbox_close(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_events),
		FX(test_saved),
		FX(test_not_saved),
		FX(test_in_steps),
		FX(test_held_back),
		FX(test_two_sessions),
		FX(test_change_upon_change),
		FX(test_unchanged_since),
		FX(test_vanished),
		FX(test_cut_log),
		FX(test_gone),
		FX(test_over_rebuild),
		FX(test_model),
		FX(test_open_again),
		FX(test_model_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
