/* SPDX-License-Identifier: ISC */
/* The law of catching up: a client that has what was there at a mod-sequence
 * ends with what is there now, however the log was cut meanwhile; and it is
 * never told that a message is gone which is there. */
#include "imapd/selected/resync.h"

#include "tests/unit/store/fixture.h"

#include "base/arena.h"
#include "base/cur.h"
#include "base/mem.h"
#include "index/tx.h"
#include "maildir/filename.h"
#include "mailread/seqwalk.h"
#include "store/sync.h"

#define MAIL "a: b\n\nx\n"

enum { UIDS = 64, ROUNDS = 300 };

/* What somebody knows of each UID: 0: not there; else its mod-sequence. */
struct known {
	uint64_t of[UIDS + 1];
	uint64_t modseq;
};

static uint32_t seed = 1;

static uint32_t
below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

static void
look(struct mailbox *m, struct known *k)
{
	struct message_info info[UIDS];
	size_t n;

	*k = (struct known){ .modseq = fx_status(m).highestmodseq };
	assert_int_equal(message_read(m, 1, info, UIDS, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		k->of[info[i].uid] = info[i].modseq;
}

static void
change(struct mailbox *m, uint32_t uid)
{
	const struct flags_change c = { .op = below(2) ? FLAGS_ADD : FLAGS_DEL,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	uint64_t from, to;

	assert_int_equal(
	    message_flags(m, &uid, 1, &c, NULL, &from, &to, NULL), 0);
}

/* As tx_commit does when there is too much of it: here with all of what is
 * gone. */
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
happen(struct mailbox *m, struct mailbox *other)
{
	const uint32_t uid = 1 + below(UIDS);

	switch (below(12)) {
	case 0:
	case 1:
		if (fx_status(m).uidnext <= UIDS)
			fx_append(m, MAIL, 0);
		break;
	case 2:
	case 3:
		assert_int_equal(message_expunge(m, &uid, 1, true, NULL), 0);
		break;
	case 4:
		fx_append(other, MAIL, 0);
		break;
	case 5:
		if (below(8) == 0)
			cut_log(m);
		break;
	default:
		change(m, uid);
		break;
	}
}

/* VANISHED, taken by C. */
static void
take_vanished(struct slice line, struct known *c)
{
	struct cur cur = cur_of(line);
	struct seqset set;
	struct arena a;

	arena_init(&a);
	cur_lit(&cur, "* VANISHED (EARLIER) ");
	seqset_parse(&cur, &a, &set);
	cur_lit(&cur, "\r\n");
	assert_true(cur_end(&cur));
	for (size_t i = 0; i < set.n; i++) {
		assert_true(i == 0 || set.v[i].lo > set.v[i - 1].hi + 1);
		for (uint32_t u = set.v[i].lo; u <= set.v[i].hi; u++) {
			assert_in_range(u, 1, UIDS);
			c->of[u] = 0;
		}
	}
	arena_fini(&a);
}

/* The numbers at which C has its messages, all or every third. */
static void
put_match(const struct known *c, uint32_t step, struct seqset *seqs,
    struct seqset *uids, struct arena *a)
{
	uint32_t seq = 0;

	seqs->v = arena_alloc(a, UIDS * sizeof *seqs->v);
	uids->v = arena_alloc(a, UIDS * sizeof *uids->v);
	seqs->n = uids->n = 0;
	for (uint32_t u = 1; u <= UIDS; u++) {
		if (c->of[u] == 0 || ++seq % step != 0)
			continue;
		seqs->v[seqs->n++] = (struct seqrange){ seq, seq };
		uids->v[uids->n++] = (struct seqrange){ u, u };
	}
}

/* C catches up with M; KNOWN: it says what it has, MATCH: and where. */
static void
catch_up(struct mailbox *m, struct known *c, bool known, bool match)
{
	struct view *v = view_open(m, VIEW_READONLY, NULL);
	const struct message_info *info;
	struct seqset seqs, uids, has;
	struct seqwalk *w = xcalloc(1, sizeof *w);
	struct resync r;
	struct arena a;
	struct buf out;
	bool more = true;
	uint32_t seq;

	arena_init(&a);
	buf_init(&out, 10000);
	put_match(c, 1, &seqs, &has, &a);
	assert_true(seqwalk_init(w, v, seqset_all(&a), true));
	resync_init(&r, w, c->modseq);
	resync_want_vanished(&r, v, known && has.n > 0 ? &has : NULL, &a);
	put_match(c, 1 + below(3), &seqs, &uids, &a);
	if (match)
		resync_match(&r, v, &seqs, &uids);
	while (more)
		assert_int_equal(resync_step(&r, w, &a, &out, &more, NULL), 0);
	if (out.n > 0)
		take_vanished(buf_slice(&out), c);
	while (seqwalk_next(w, &seq, &info, NULL) == FOUND)
		c->of[info->uid] = info->modseq;
	c->modseq = view_modseq(v);
	resync_fini(&r);
	buf_fini(&out);
	arena_fini(&a);
	xfree(&w);
	view_close(&v);
}

static void
test_law(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	struct mailbox *other;
	struct known now, clients[4] = { { .modseq = 1 } };

	(void)state;
	assert_int_equal(
	    mailbox_create(fx_account, SLICE("other"), 0, NULL), 0);
	other = fx_box("other");
	for (int i = 1; i < 4; i++)
		clients[i] = clients[0];
	for (int i = 0; i < ROUNDS; i++) {
		for (uint32_t n = below(12); n > 0; n--)
			happen(m, other);
		for (int c = 0; c < 4; c++) {
			if (below(3) == 0)
				continue; /* it was not there */
			catch_up(m, &clients[c], c % 2 != 0, c / 2 != 0);
			look(m, &now);
			if (memcmp(&now.of, clients[c].of, sizeof now.of) != 0)
				fail_msg("round %d, client %d", i, c);
		}
	}
	mailbox_close(&other);
	mailbox_close(&m);
}

/* 20 messages, of which 3, 4, 7 and 10 to 12 are gone; the log is cut. */
static void
test_vanished(void **state)
{
	static const uint32_t gone[] = { 3, 4, 7, 10, 11, 12, 20 };
	static const struct {
		const char *known, *seqs, *uids, *want;
	} rows[] = {
		{ "1:20", NULL, NULL, "3:4,7,10:12,20" },
		{ "*", NULL, NULL, "20" },
		{ "5:*", NULL, NULL, "7,10:12,20" },
		{ "4294967295", NULL, NULL, "" },
		{ "11:4294967295", NULL, NULL, "11:12,20" },
		{ "1:2,5:6,8", NULL, NULL, "" },
		{ "12,10,3", NULL, NULL, "3,10,12" },
		{ NULL, NULL, NULL, "3:4,7,10:12,20" },
		/* number 2 is 2, 4 is 6, 6 is 9 and 7 is 13 */
		{ NULL, "2", "2", "3:4,7,10:12,20" },
		{ NULL, "4", "6", "7,10:12,20" },
		{ NULL, "1:20", "1:20", "3:4,7,10:12,20" },
		{ NULL, "4:7", "6:9", "7,10:12,20" },
		{ NULL, "1:2,5:7", "1:4,13", "20" },
		{ NULL, "1:2,7:9", "1:2,11:13", "3:4,7,10:12,20" },
		{ NULL, "5,7", "8,13", "20" },
		{ NULL, "4294967295", "19", "3:4,7,10:12,20" },
		{ NULL, "1:4294967295", "1:4294967295", "3:4,7,10:12,20" },
	};
	struct mailbox *m = fx_box("INBOX");
	struct view *v;

	(void)state;
	for (int i = 0; i < 20; i++)
		fx_append(m, MAIL, 0);
	assert_int_equal(
	    message_expunge(m, gone, ARRAY_LEN(gone), true, NULL), 0);
	cut_log(m);
	change(m, 1);
	change(m, 1);
	v = view_open(m, VIEW_READONLY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seqwalk *w = xcalloc(1, sizeof *w);
		struct seqset known = { .v = NULL, .n = 0 }, seqs, uids;
		struct resync r;
		struct arena a;
		struct buf out, want;
		struct cur c;
		bool more = true;

		arena_init(&a);
		buf_init(&out, 1000);
		buf_init(&want, 1000);
		assert_true(seqwalk_init(w, v, seqset_all(&a), true));
		resync_init(&r, w, 1);
		if (rows[i].known != NULL) {
			c = cur_of(slice_str(rows[i].known));
			seqset_parse(&c, &a, &known);
		}
		resync_want_vanished(
		    &r, v, rows[i].known != NULL ? &known : NULL, &a);
		if (rows[i].seqs != NULL) {
			c = cur_of(slice_str(rows[i].seqs));
			seqset_parse(&c, &a, &seqs);
			c = cur_of(slice_str(rows[i].uids));
			seqset_parse(&c, &a, &uids);
			resync_match(&r, v, &seqs, &uids);
		}
		while (more)
			assert_int_equal(
			    resync_step(&r, w, &a, &out, &more, NULL), 0);
		if (rows[i].want[0] != '\0')
			buf_addf(
			    &want, "* VANISHED (EARLIER) %s\r\n", rows[i].want);
		if (strcmp(buf_cstr(&out), buf_cstr(&want)) != 0)
			fail_msg("row %zu: %s", i, buf_cstr(&out));
		resync_fini(&r);
		buf_fini(&out);
		buf_fini(&want);
		arena_fini(&a);
		xfree(&w);
	}
	view_close(&v);
	mailbox_close(&m);
}

/* What a walk is about: "lo-hi ..." of sequence numbers. */
static void
assert_walk(const struct seqwalk *w, const char *want)
{
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < w->set.n; i++)
		buf_addf(&out, "%s%u-%u", i > 0 ? " " : "", w->set.v[i].lo,
		    w->set.v[i].hi);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static struct seqset
set_of(const char *text, struct arena *a)
{
	struct cur c = cur_of(slice_str(text));
	struct seqset set;

	seqset_parse(&c, a, &set);
	return set;
}

static void
test_walks(void **state)
{
	static const uint32_t gone[] = { 2, 3 };
	static const uint32_t some[] = { 1, 2, 5, 6, 9 };
	struct mailbox *m = fx_box("INBOX");
	struct seqwalk *w = xcalloc(1, sizeof *w);
	struct seqset set;
	struct arena a;
	struct view *v;

	(void)state;
	arena_init(&a);
	for (int i = 0; i < 10; i++)
		fx_append(m, MAIL, 0);
	assert_int_equal(message_expunge(m, gone, 2, true, NULL), 0);
	v = view_open(m, VIEW_READONLY, NULL);
	/* 8 messages: UIDs 1, 4 to 10 */
	assert_true(seqwalk_init(w, v, set_of("1:3,5,7:8", &a), false));
	assert_int_equal(seqwalk_count(w), 6);
	assert_int_equal(seqwalk_limit(w, 0), 0);
	assert_int_equal(seqwalk_limit(w, 6), 0);
	assert_int_equal(seqwalk_limit(w, 4), 5);
	assert_walk(w, "3-3 5-5 7-8");
	assert_int_equal(seqwalk_limit(w, 2), 9);
	assert_walk(w, "7-8");
	assert_int_equal(seqwalk_limit(w, 1), 10);
	assert_walk(w, "8-8");
	assert_true(seqwalk_init(w, v, set_of("2:*", &a), true));
	seqwalk_narrow(w, some, ARRAY_LEN(some), &a);
	assert_walk(w, "3-4 7-7");
	assert_true(seqwalk_init(w, v, seqset_all(&a), true));
	set = set_of("1:2,6:7", &a);
	seqset_resolve(&set, 10);
	seqwalk_narrow_to(w, &set, true, &a);
	assert_walk(w, "1-1 4-5");
	set = set_of("2:4", &a);
	seqset_resolve(&set, 8);
	seqwalk_narrow_to(w, &set, false, &a);
	assert_walk(w, "4-4");
	view_close(&v);
	xfree(&w);
	arena_fini(&a);
	mailbox_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX(test_law),
		FX(test_vanished),
		FX(test_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
