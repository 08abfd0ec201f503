/* SPDX-License-Identifier: ISC */
/*
 * A picture of which messages a session knows (picture.h).  It is taken
 * (view_open.c), and brought up to date, in steps: what happened is found out
 * (view_news.c), then messages that are gone are told and taken out, then what
 * is new comes in, then FLAGS are told.  Messages that are gone and still have
 * numbers are in `gone`.
 */
#include "store/view.h"
#include "store/view_event.h"

#include "base/must.h"
#include "base/slice.h"
#include "store/change.h"
#include "store/view_inner.h"

/* In the units of VIEW_STEP_COST. */
enum { EXPUNGE_COST = 4, FLAGS_COST = 8 };

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

uint64_t
view_modseq_distance(const struct view *v, uint64_t modseq)
{
	return modseq <= v->modseq ? v->modseq - modseq : UINT64_MAX;
}

uint32_t
view_uidnext(const struct view *v)
{
	return v->uidnext;
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
	view_news_drop_gone(v, n);
	t->left -= (int64_t)n * EXPUNGE_COST;
}

static void
tell_fresh(const struct teller *t)
{
	struct view *v = t->v;
	const uint32_t n = v->picture.n;

	view_news_add_fresh(v);
	if (v->picture.n > n)
		tell(t, (struct view_event){
			    .kind = VIEW_EXISTS, .seq = v->picture.n });
	view_news_forget(v);
	v->stage = VIEW_TELLING;
}

static void
tell_one(const struct teller *t, uint32_t uid)
{
	struct view *v = t->v;
	const uint32_t seq = view_seq(v, uid);
	struct message_info info;

	if (seq != 0 && message_find(v->m, uid, &info, NULL) == FOUND)
		tell(t, (struct view_event){ .kind = VIEW_FLAGS,
			    .seq = seq,
			    .uid = uid,
			    .info = info });
}

static void
tell_flags(struct teller *t)
{
	struct view *v = t->v;
	const uint32_t *uids = view_uids(&v->changed);
	const size_t all = view_uids_n(&v->changed);
	const size_t n = affordable(t, all - v->told, (int64_t)FLAGS_COST);

	for (size_t i = 0; i < n; i++)
		tell_one(t, uids[v->told + i]);
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
	view_news_forget(v);
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
	    view_claim_recent(v, err) == -1)
		f = TEMPFAIL;
	if (f != FOUND)
		give_up(v);
	if (f == ABSENT)
		tell(t, (struct view_event){ .kind = VIEW_GONE });
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	view_news_take(v);
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
		more != NULL ? VIEW_STEP_COST : INT64_MAX };

	if (v->stage == VIEW_QUIET) {
		view_news_forget(v);
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

bool
view_is_own(const struct view *v, uint64_t modseq)
{
	return view_ranges_has(&v->silent, modseq);
}

void
view_tell_own(struct view *v)
{
	v->silent.n = 0;
}

/* A change is the session's own only where all that came before is told: what
 * another one did is told with it otherwise. */
static void
note_own(void *arg, uint64_t before, uint64_t after)
{
	struct view *v = arg;

	if (before <= v->modseq || view_is_own(v, before))
		view_ranges_add(&v->silent, after, after + 1);
}

int
view_flags(struct view *v, const uint32_t *uids, size_t n,
    const struct flags_change *change, bool silent, struct buf *failed,
    struct err *err)
{
	struct flags_change c = *change;
	uint64_t from = UINT64_MAX, to;

	if (silent) {
		c.on_change = note_own;
		c.arg = v;
	}
	if (message_flags(v->m, uids, n, &c, failed, &from, &to, err) == 0)
		return 0;
	if (silent)
		view_ranges_cut(&v->silent, from);
	return -1;
}
