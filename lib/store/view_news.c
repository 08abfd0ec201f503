/* SPDX-License-Identifier: ISC */
/* What happened in a mailbox since a view was brought up to date. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/walk.h"
#include "maildir/filename.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/seed.h"
#include "store/view_inner.h"
#include "sys/kv.h"

enum {
	LIST_LIMIT = 1 << 30,
	/* In the units of VIEW_STEP_COST. */
	LOG_COST = 1,
	WALK_COST = 1,
};

void
view_ranges_add(struct view_ranges *r, uint64_t from, uint64_t to)
{
	if (from >= to)
		return;
	if (r->n > 0 && r->v[r->n - 1].to == from) {
		r->v[r->n - 1].to = to;
		return;
	}
	r->v = xreallocarray(r->v, r->n + 1, sizeof *r->v);
	r->v[r->n++] = (struct view_range){ from, to };
}

void
view_ranges_cut(struct view_ranges *r, uint64_t from)
{
	while (r->n > 0 && r->v[r->n - 1].from >= from)
		r->n--;
	if (r->n > 0 && r->v[r->n - 1].to > from)
		r->v[r->n - 1].to = from;
}

bool
view_ranges_has(const struct view_ranges *r, uint64_t value)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].to <= value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->n && value >= r->v[lo].from;
}

static int
by_value(const void *pa, const void *pb)
{
	const uint32_t a = *(const uint32_t *)pa;
	const uint32_t b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

void
view_uids_sort(struct buf *b)
{
	uint32_t *v = (uint32_t *)(void *)b->p;
	const size_t n = view_uids_n(b);
	size_t kept = 1;
	bool sorted = true;

	for (size_t i = 1; i < n && sorted; i++)
		sorted = v[i - 1] < v[i];
	if (n == 0 || sorted)
		return;
	qsort(v, n, sizeof *v, by_value);
	for (size_t i = 1; i < n; i++)
		if (v[i] != v[kept - 1])
			v[kept++] = v[i];
	buf_truncate(b, kept * sizeof *v);
}

void
view_news_init(struct view_news *n)
{
	*n = (struct view_news){ .walking = false };
	buf_init(&n->gone, LIST_LIMIT);
	buf_init(&n->fresh, LIST_LIMIT);
	buf_init(&n->lost, LIST_LIMIT);
}

void
view_news_fini(struct view_news *n)
{
	buf_fini(&n->gone);
	buf_fini(&n->fresh);
	buf_fini(&n->lost);
}

static void
add_uid(struct buf *b, uint32_t uid)
{
	buf_add(b, slice_of(&uid, sizeof uid));
}

static uint32_t
last_uid(const struct view *v)
{
	return v->picture.n > 0 ? picture_uid(&v->picture, v->picture.n - 1)
				: 0;
}

static void
note_changed(struct view *v, uint32_t uid)
{
	buf_add(&v->changed, slice_of(&uid, sizeof uid));
}

static void
note(struct view *v, const struct ix_log *l, uint64_t modseq, uint32_t last)
{
	if (l->kind == LOG_GONE && l->uid > last)
		add_uid(&v->news.lost, l->uid);
	else if (l->kind == LOG_GONE && picture_has(&v->picture, l->uid))
		add_uid(&v->news.gone, l->uid);
	else if (l->kind == LOG_MSG && l->uid > last)
		add_uid(&v->news.fresh, l->uid);
	else if (l->kind == LOG_MSG && !view_ranges_has(&v->silent, modseq))
		note_changed(v, l->uid);
}

/* The keywords of UID, whose record is HOT; a letter is also in use where a
 * file's name has it still. */
static enum found
note_keywords(struct view *v, struct kv_txn *t, uint32_t uid,
    const struct ix_hot *hot, struct err *err)
{
	const uint32_t box = v->m->box;
	struct keyword_set set;
	struct filename name;
	struct ix_msg msg;
	enum found f = FOUND;

	v->used->w[0] |= hot->letters;
	if ((hot->bits & HOT_PENDING) != 0) {
		f = ix_get_msg(t, box, uid, &msg, err);
		if (f != FOUND)
			return TEMPFAIL;
		filename_parse(slice_str(msg.file), &name);
		v->named |= name.letters;
	}
	if ((hot->bits & HOT_MORE) == 0)
		return FOUND;
	f = ix_get_keywords(t, box, uid, hot, &set, err);
	if (f == FOUND)
		keyword_set_or(v->used, &set);
	return f;
}

static int
note_keywords_of(
    struct view *v, struct kv_txn *t, uint32_t uid, struct err *err)
{
	struct ix_hot hot;
	enum found f = ix_get_hot(t, v->m->box, uid, &hot, err);

	if (f == FOUND)
		f = note_keywords(v, t, uid, &hot, err);
	return f == TEMPFAIL ? -1 : 0;
}

/* As far as UPTO, where the log ends. */
static int
read_log(struct view *v, struct kv_txn *t, uint64_t upto, int64_t *left,
    struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	const uint32_t last = last_uid(v);
	uint64_t modseq = v->news.modseq;
	char key[IX_KEY];
	struct slice k, val;
	struct ix_log l;
	enum found f;

	if (c == NULL)
		return -1;
	f = kv_seek(c, ix_log_key(key, modseq + 1), &k, &val, err);
	while (f == FOUND && *left > 0 && ix_key_log(k, &modseq) &&
	       ix_read_log(val, &l)) {
		if (l.box == v->m->box)
			note(v, &l, modseq, last);
		if (v->opening && l.box == v->m->box && l.kind == LOG_MSG &&
		    note_keywords_of(v, t, l.uid, err) == -1) {
			f = TEMPFAIL;
			break;
		}
		v->news.modseq = modseq;
		*left -= LOG_COST;
		f = kv_next(c, &k, &val, err);
	}
	kv_cursor_close(&c);
	if (f != TEMPFAIL && *left > 0)
		v->news.modseq = upto;
	return f == TEMPFAIL ? -1 : 0;
}

/* The places of the picture below END that were not looked at yet are those of
 * messages that are gone. */
static void
skip_to(struct view *v, uint32_t end, int64_t *left)
{
	for (; v->news.at < end; v->news.at++) {
		add_uid(&v->news.gone, picture_uid(&v->picture, v->news.at));
		*left -= WALK_COST;
	}
}

/* One message of the index against the picture. */
static enum found
compare(struct view *v, const struct walk *w, uint32_t last, int64_t *left,
    struct err *err)
{
	if (v->opening) {
		picture_add(&v->picture, w->uid);
		return note_keywords(v, w->t, w->uid, &w->hot, err);
	}
	if (w->uid > last) {
		add_uid(&v->news.fresh, w->uid);
		return FOUND;
	}
	skip_to(v, picture_from(&v->picture, w->uid), left);
	if (picture_uid(&v->picture, v->news.at) == w->uid) {
		v->news.at++;
		if (w->hot.modseq > v->modseq)
			note_changed(v, w->uid);
	}
	return FOUND;
}

static int
read_index(struct view *v, struct kv_txn *t, int64_t *left, struct err *err)
{
	const uint32_t last = last_uid(v);
	struct walk w;
	enum found f = FOUND;

	if (walk_open(&w, t, v->m->box, v->news.uid, false, err) == -1)
		return -1;
	while (*left > 0 && (f = walk_next(&w, err)) == FOUND) {
		f = compare(v, &w, last, left, err);
		if (f != FOUND)
			break;
		v->news.uid = w.uid + 1;
		*left -= WALK_COST;
	}
	walk_close(&w);
	if (f == ABSENT) {
		if (!v->opening)
			skip_to(v, v->picture.n, left);
		v->news.walking = false;
	}
	return f == TEMPFAIL ? -1 : 0;
}

/* All is looked at anew; what happens meanwhile is in the log. */
static void
begin_walk(struct view *v, const struct ix_meta *meta)
{
	view_news_fini(&v->news);
	view_news_init(&v->news);
	buf_reset(&v->changed);
	v->news.walking = true;
	v->news.modseq = v->used_modseq = meta->modseq;
	if (!v->opening)
		return;
	picture_fini(&v->picture);
	*v->used = (struct keyword_set){ 0 };
	v->named = 0;
}

static int
read_some(struct view *v, struct kv_txn *t, const struct ix_meta *meta,
    const struct ix_box *b, int64_t *left, struct err *err)
{
	struct view_news *n = &v->news;

	if (v->opening && n->modseq == 0)
		seed_take(v, meta, b);
	if (n->modseq < meta->log_floor)
		begin_walk(v, meta);
	if (n->walking && read_index(v, t, left, err) == -1)
		return -1;
	if (!n->walking && n->modseq < meta->modseq &&
	    read_log(v, t, meta->modseq, left, err) == -1)
		return -1;
	n->ended = !n->walking && n->modseq == meta->modseq;
	return 0;
}

/* Built anew, and not all of it yet: nothing is known to have changed. */
static void
note_nothing(struct view *v)
{
	struct view_news *n = &v->news;

	buf_reset(&n->gone);
	buf_reset(&n->fresh);
	buf_reset(&n->lost);
	buf_reset(&v->changed);
	n->modseq = v->modseq;
	n->highest = v->highest;
	n->uidnext = v->uidnext;
	n->keywords = v->keywords;
	n->ended = true;
}

static void
note_box(struct view_news *n, const struct ix_box *b)
{
	n->highest = b->modseq;
	n->keywords = b->keywords;
	n->keyword_lost = b->keyword_lost;
	n->first_recent = b->first_recent;
	n->uidnext = b->uidnext;
	n->building = (b->bits & BOX_BUILD) != 0;
}

static enum found
read_snapshot(struct view *v, struct kv_txn *t, int64_t *left, struct err *err)
{
	struct ix_meta meta;
	struct ix_box b;
	enum found f = ix_get_meta(t, &meta, err);

	if (f != FOUND)
		return TEMPFAIL;
	f = ix_get_box(t, v->m->box, &b, err);
	if (f != FOUND)
		return f;
	if (v->opening)
		v->uidvalidity = b.uidvalidity;
	else if (b.uidvalidity != v->uidvalidity)
		return ABSENT;
	if (!v->opening && (b.bits & BOX_BUILD) != 0) {
		note_nothing(v);
		return FOUND;
	}
	if (kwtable_load(v->m->keywords, t, &b, err) == -1 ||
	    read_some(v, t, &meta, &b, left, err) == -1)
		return TEMPFAIL;
	note_box(&v->news, &b);
	return FOUND;
}

enum found
view_news_read(struct view *v, int64_t *left, struct err *err)
{
	struct err why = { 0 };
	struct kv_txn *t;
	enum found f;

	if (handle_enter_mailbox(v->m, &why) == -1) {
		if (err != NULL)
			*err = why;
		return why.class == ERR_PERM ? ABSENT : TEMPFAIL;
	}
	t = kv_read(v->m->a->ix.env, err);
	if (t == NULL)
		return TEMPFAIL;
	f = read_snapshot(v, t, left, err);
	kv_abort(&t);
	return f;
}

/* ---- taking it ---- */

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

/* News are known: the picture becomes what they say. */
void
view_news_take(struct view *v)
{
	struct view_news *n = &v->news;

	v->modseq = n->modseq;
	v->highest = n->highest;
	v->uidnext = n->uidnext;
	v->silent.n = 0;
	buf_add(&v->gone, buf_slice(&n->gone));
	view_uids_sort(&v->gone);
	view_uids_sort(&n->fresh);
	view_uids_sort(&n->lost);
	if (v->readonly)
		look_at_recent(v);
}

void
view_news_drop_gone(struct view *v, size_t n)
{
	view_marks_drop(v, view_uids(&v->gone), n);
	picture_remove(&v->picture, view_uids(&v->gone), n);
	buf_consume(&v->gone, n * sizeof(uint32_t));
}

void
view_news_add_fresh(struct view *v)
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

void
view_news_forget(struct view *v)
{
	view_news_fini(&v->news);
	view_news_init(&v->news);
	v->news.modseq = v->modseq;
}
