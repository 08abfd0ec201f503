/* SPDX-License-Identifier: ISC */
/*
 * A picture of which messages a session knows (picture.h).  It is taken, and
 * brought up to date, in steps: what happened is found out (view_news.c), then
 * messages that are gone are told and taken out, then what is new comes in,
 * then FLAGS are told.  Messages that are gone and still have numbers are in
 * `gone`.
 */
#include "store/view.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keywords.h"
#include "maildir/tree.h"
#include "store/change.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/sync.h"
#include "store/view_inner.h"
#include "sys/clock.h"
#include "sys/kv.h"

enum {
	LIST_LIMIT = 1 << 30,
	CLEAN_MS = 3600 * 1000,

	STEP_COST = 4000, /* of a step; one is well below a microsecond */
	EXPUNGE_COST = 4,
	FLAGS_COST = 8,
};

/* Take the messages that nobody has had as \Recent, and let those in new/ go
 * to cur/. */
static int
claim_recent(struct view *v, struct err *err)
{
	struct ix_box b;
	struct tx tx;

	if (sync_begin(v->m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	if (b.first_recent >= b.uidnext) {
		tx_abort(&tx);
		return 0;
	}
	view_ranges_add(&v->recent, b.first_recent, b.uidnext);
	tx_pend(&tx, &b, b.first_recent);
	tx_pend(&tx, &b, b.uidnext - 1);
	b.first_recent = b.uidnext;
	if (ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

/* The same for who only looks: they are \Recent here and stay so for others.
 */
static void
look_at_recent(struct view *v)
{
	const struct view_news *n = &v->news;
	const uint32_t from =
	    n->first_recent > v->looked ? n->first_recent : v->looked;

	view_ranges_add(&v->recent, from, n->uidnext);
	v->looked = n->uidnext;
}

/* Keywords that no message has any more make room for others. */
static int
free_keywords(struct view *v, struct err *err)
{
	struct mailbox *m = v->m;
	struct ix_box b;
	struct tx tx;

	if (sync_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	/* Somebody may have given one to a message since. */
	if (tx.meta.modseq != v->used_modseq) {
		tx_abort(&tx);
		return 0;
	}
	if (kwtable_free(&tx, &b, &m->dirs, m->keywords, v->used, err) == 0 &&
	    ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

/* What lies in tmp/ ages by days. */
static void
clean_tmp(struct mailbox *m)
{
	const int64_t now_ms = clock_ms();

	if (m->cleaned_ms != 0 && now_ms - m->cleaned_ms < CLEAN_MS)
		return;
	m->cleaned_ms = now_ms;
	tree_clean_tmp(m->dirs.tmpfd);
}

/* ---- opening ---- */

static void
open_whole(struct view *v)
{
	struct keyword_set unused;

	v->opening = false;
	keywords_all(v->m->keywords, &unused);
	keyword_set_del(&unused, v->used);
	/* What cannot be freed now can be the next time. */
	if (!v->readonly && keyword_set_next(&unused, 0) < KEYWORDS_MAX)
		(void)free_keywords(v, NULL);
	xfree(&v->used);
}

/* News are known: the picture becomes what they say. */
static void
take_news(struct view *v)
{
	struct view_news *n = &v->news;

	v->modseq = n->modseq;
	v->highest = n->highest;
	v->silent.n = 0;
	buf_add(&v->gone, buf_slice(&n->gone));
	view_uids_sort(&v->gone);
	view_uids_sort(&n->fresh);
	view_uids_sort(&n->lost);
	if (v->readonly)
		look_at_recent(v);
}

static void
drop_gone(struct view *v, size_t n)
{
	picture_remove(&v->picture, view_uids(&v->gone), n);
	buf_consume(&v->gone, n * sizeof(uint32_t));
}

static void
add_fresh(struct view *v)
{
	const uint32_t *fresh = view_uids(&v->news.fresh);
	const uint32_t *lost = view_uids(&v->news.lost);
	const size_t nlost = view_uids_n(&v->news.lost);
	size_t k = 0;

	for (size_t i = 0; i < view_uids_n(&v->news.fresh); i++) {
		while (k < nlost && lost[k] < fresh[i])
			k++;
		if (k == nlost || lost[k] != fresh[i])
			picture_add(&v->picture, fresh[i]);
	}
}

static void
forget_news(struct view *v)
{
	view_news_fini(&v->news);
	view_news_init(&v->news);
	v->news.modseq = v->modseq;
}

/* Look at the directories, and take what is \\Recent. */
static int
begin_opening(struct view *v, bool *more, struct err *err)
{
	if (mailbox_sync_some(v->m, false, more, err) == -1)
		return -1;
	if (*more)
		return 0;
	clean_tmp(v->m);
	v->synced = v->readonly || claim_recent(v, err) == 0;
	return v->synced ? 0 : -1;
}

int
view_fill(struct view *v, bool *more, struct err *err)
{
	int64_t left = STEP_COST;
	enum found f;

	*more = false;
	if (!v->opening)
		return 0;
	if (!v->synced && (begin_opening(v, more, err) == -1 || *more))
		return *more ? 0 : -1;
	f = view_news_read(v, &left, err);
	/* A build began anew meanwhile. */
	if (f == FOUND && v->news.building)
		v->synced = false;
	*more = f == FOUND && (!v->synced || !v->news.ended);
	if (f != FOUND)
		return -1;
	if (*more)
		return 0;
	take_news(v);
	v->keywords = v->news.keywords;
	drop_gone(v, view_uids_n(&v->gone));
	add_fresh(v);
	buf_fini(&v->changed);
	forget_news(v);
	open_whole(v);
	return 0;
}

struct view *
view_new(struct mailbox *m, unsigned flags)
{
	struct view *v = xcalloc(1, sizeof *v);

	v->m = m;
	v->readonly = (flags & VIEW_READONLY) != 0;
	v->opening = true;
	v->used = xcalloc(1, sizeof *v->used);
	buf_init(&v->gone, LIST_LIMIT);
	buf_init(&v->changed, LIST_LIMIT);
	view_news_init(&v->news);
	return v;
}

struct view *
view_open(struct mailbox *m, unsigned flags, struct err *err)
{
	struct view *v = view_new(m, flags);
	bool more = true;

	while (more)
		if (view_fill(v, &more, err) == -1) {
			view_close(&v);
			break;
		}
	return v;
}

void
view_close(struct view **vp)
{
	struct view *v = *vp;

	if (v == NULL)
		return;
	picture_fini(&v->picture);
	view_news_fini(&v->news);
	xfree(&v->used);
	xfree(&v->recent.v);
	xfree(&v->silent.v);
	buf_fini(&v->gone);
	buf_fini(&v->changed);
	xfree(vp);
}

/* ---- asking ---- */

struct mailbox *
view_mailbox(const struct view *v)
{
	return v->m;
}

uint32_t
view_count(const struct view *v)
{
	return v->picture.n;
}

uint32_t
view_uid(const struct view *v, uint32_t seq)
{
	must(seq >= 1);
	return picture_uid(&v->picture, seq - 1);
}

uint32_t
view_seq_from(const struct view *v, uint32_t uid)
{
	return picture_from(&v->picture, uid) + 1;
}

uint32_t
view_seq(const struct view *v, uint32_t uid)
{
	return picture_has(&v->picture, uid) ? view_seq_from(v, uid) : 0;
}

bool
view_recent(const struct view *v, uint32_t uid)
{
	return view_ranges_has(&v->recent, uid);
}

uint32_t
view_recents(const struct view *v)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v->recent.n; i++)
		n += view_seq_from(v, (uint32_t)v->recent.v[i].to) -
		     view_seq_from(v, (uint32_t)v->recent.v[i].from);
	return n;
}

uint64_t
view_modseq(const struct view *v)
{
	return v->highest;
}

uint32_t
view_pending(const struct view *v)
{
	return (uint32_t)view_uids_n(&v->gone);
}

/* ---- telling ---- */

struct teller {
	struct view *v;
	void (*on_event)(void *arg, const struct view_event *e);
	void *arg;
	bool expunges;
	int64_t left; /* what may still be done */
};

static void
tell(const struct teller *t, struct view_event e)
{
	t->on_event(t->arg, &e);
}

static size_t
affordable(const struct teller *t, size_t n, int64_t cost)
{
	const size_t most = t->left > 0 ? (size_t)(t->left / cost) + 1 : 0;

	return n < most ? n : most;
}

/* Take what is gone out of the picture. */
static void
expunge(struct teller *t)
{
	struct view *v = t->v;
	const uint32_t *gone = view_uids(&v->gone);
	const size_t n =
	    affordable(t, view_uids_n(&v->gone), (int64_t)EXPUNGE_COST);
	uint32_t told = 0;

	for (size_t i = 0; i < n; i++) {
		const uint32_t seq = view_seq(v, gone[i]);

		if (seq == 0)
			continue;
		tell(t, (struct view_event){ .kind = VIEW_EXPUNGE,
			    .seq = seq - told,
			    .uid = gone[i] });
		told++;
	}
	drop_gone(v, n);
	t->left -= (int64_t)n * EXPUNGE_COST;
}

static void
tell_fresh(const struct teller *t)
{
	struct view *v = t->v;
	const uint32_t n = v->picture.n;

	add_fresh(v);
	if (v->picture.n > n)
		tell(t, (struct view_event){
			    .kind = VIEW_EXISTS, .seq = v->picture.n });
	forget_news(v);
	v->stage = VIEW_TELLING;
}

static void
tell_one(const struct teller *t, const struct view_changed *c)
{
	struct view *v = t->v;
	const uint32_t seq = view_seq(v, c->uid);
	struct message_info info;

	if (seq != 0 && message_find(v->m, c->uid, &info, NULL) == FOUND)
		tell(t, (struct view_event){ .kind = VIEW_FLAGS,
			    .seq = seq,
			    .uid = c->uid,
			    .own = c->own != 0,
			    .info = info });
}

static void
tell_flags(struct teller *t)
{
	struct view *v = t->v;
	const struct view_changed *c =
	    (const struct view_changed *)(const void *)v->changed.p;
	const size_t all = v->changed.n / sizeof *c;
	const size_t n = affordable(t, all - v->told, (int64_t)FLAGS_COST);

	for (size_t i = 0; i < n; i++)
		tell_one(t, &c[v->told + i]);
	v->told += n;
	t->left -= (int64_t)n * FLAGS_COST;
	if (v->told < all)
		return;
	buf_fini(&v->changed);
	v->told = 0;
	v->stage = VIEW_QUIET;
}

static void
give_up(struct view *v)
{
	buf_fini(&v->changed);
	v->told = 0;
	forget_news(v);
	v->stage = VIEW_QUIET;
}

static int
read_news(struct teller *t, struct err *err)
{
	struct view *v = t->v;
	enum found f = view_news_read(v, &t->left, err);

	if (f == FOUND && !v->news.ended)
		return 0;
	/* Claimed before they are told, so that \\Recent can be said. */
	if (f == FOUND && v->news.fresh.n > 0 && !v->readonly &&
	    claim_recent(v, err) == -1)
		f = TEMPFAIL;
	if (f != FOUND)
		give_up(v);
	if (f == ABSENT)
		tell(t, (struct view_event){ .kind = VIEW_GONE });
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	take_news(v);
	if (v->news.keywords != v->keywords) {
		v->keywords = v->news.keywords;
		tell(t, (struct view_event){ .kind = VIEW_KEYWORDS });
	}
	v->stage = VIEW_EXPUNGING;
	return 0;
}

static int
sync_some(struct teller *t, struct err *err)
{
	struct view *v = t->v;

	switch (v->stage) {
	case VIEW_QUIET:
		break;
	case VIEW_READING:
		return read_news(t, err);
	case VIEW_EXPUNGING:
		if (t->expunges && v->gone.n > 0)
			expunge(t);
		if (!t->expunges || v->gone.n == 0)
			tell_fresh(t);
		break;
	case VIEW_TELLING:
		tell_flags(t);
		break;
	}
	return 0;
}

int
view_sync(struct view *v, bool expunges,
    void (*on_event)(void *arg, const struct view_event *e), void *arg,
    bool *more, struct err *err)
{
	struct teller t = { v, on_event, arg, expunges,
		more != NULL ? STEP_COST : INT64_MAX };

	if (v->stage == VIEW_QUIET) {
		forget_news(v);
		v->stage = VIEW_READING;
	}
	while (v->stage != VIEW_QUIET && t.left > 0)
		if (sync_some(&t, err) == -1)
			return -1;
	if (more != NULL)
		*more = view_untold(v);
	return 0;
}

bool
view_untold(const struct view *v)
{
	return v->stage != VIEW_QUIET;
}

void
view_tell_own(struct view *v)
{
	v->silent.n = 0;
}

int
view_flags(struct view *v, const uint32_t *uids, size_t n,
    const struct flags_change *change, bool silent, struct buf *failed,
    struct err *err)
{
	uint64_t from, to;

	if (message_flags(v->m, uids, n, change, failed, &from, &to, err) == -1)
		return -1;
	if (silent)
		view_ranges_add(&v->silent, from, to);
	return 0;
}

enum found
view_vanished(struct view *v, uint64_t modseq, struct buf *out, struct err *err)
{
	struct kv_cursor *c;
	char key[IX_KEY];
	struct ix_meta meta;
	struct slice k, val;
	struct kv_txn *t;
	struct ix_log l;
	uint64_t at;
	enum found f;

	if (handle_enter_mailbox(v->m, err) == -1 ||
	    (t = kv_read(v->m->a->ix.env, err)) == NULL)
		return TEMPFAIL;
	f = ix_get_meta(t, &meta, err) == FOUND ? FOUND : TEMPFAIL;
	if (f == FOUND && modseq < meta.log_floor)
		f = ABSENT;
	c = f == FOUND ? kv_cursor_open(t, err) : NULL;
	if (c != NULL) {
		f = kv_seek(c, ix_log_key(key, modseq + 1), &k, &val, err);
		while (f == FOUND && ix_key_log(k, &at) && at <= v->modseq &&
		       ix_read_log(val, &l)) {
			if (l.box == v->m->box && l.kind == LOG_GONE)
				buf_add(out, slice_of(&l.uid, sizeof l.uid));
			f = kv_next(c, &k, &val, err);
		}
		f = f == TEMPFAIL ? TEMPFAIL : FOUND;
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	view_uids_sort(out);
	return f;
}
