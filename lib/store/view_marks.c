/* SPDX-License-Identifier: ISC */
#include "store/view_marks.h"

#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/walk.h"
#include "maildir/filename.h"
#include "store/inner.h"
#include "store/seen.h"
#include "store/snapshot.h"
#include "store/view_inner.h"
#include "sys/kv.h"

enum {
	/* When so large a part has changed, all are read anew. */
	LOG_PART = 4,
	/* In the units of VIEW_STEP_COST. */
	WALK_COST = 1,
	LOG_COST = 4,
};

_Static_assert((MSG_FLAGS & VIEW_MARK_GONE) == 0, "flags and marks");

static void
begin(struct view *v, const struct ix_meta *meta)
{
	struct view_marks *k = &v->marks;
	const uint32_t n = v->picture.n;

	if (k->v == NULL || k->modseq < meta->log_floor ||
	    meta->modseq - k->modseq > n / LOG_PART) {
		k->n = 0;
		k->modseq = meta->modseq;
	}
	if (k->v == NULL || k->cap < n) {
		k->cap = n + n / 8 + 1;
		k->v = xreallocarray(k->v, k->cap, sizeof *k->v);
	}
}

static void
put(struct view_marks *k, uint32_t end, uint8_t mark)
{
	memset(k->v + k->n, mark, end - k->n);
	k->n = end;
}

/* Go on to the end of the picture. */
static int
read_index(struct view *v, struct kv_txn *t, int64_t *left, struct err *err)
{
	struct view_marks *k = &v->marks;
	const struct picture *p = &v->picture;
	enum found f = FOUND;
	struct walk w;

	if (k->n == p->n)
		return 0;
	if (walk_open(&w, t, v->m->box, picture_uid(p, k->n), false, err) == -1)
		return -1;
	for (; *left > 0 && k->n < p->n; *left -= WALK_COST) {
		f = walk_next(&w, err);
		if (f != FOUND)
			break;
		put(k, picture_from(p, w.uid), VIEW_MARK_GONE);
		if (k->n < p->n && picture_uid(p, k->n) == w.uid)
			put(k, k->n + 1,
			    (uint8_t)seen_flags(v->m, w.uid, w.hot.bits));
	}
	walk_close(&w);
	if (f == ABSENT)
		put(k, p->n, VIEW_MARK_GONE);
	return f == TEMPFAIL ? -1 : 0;
}

static int
note(struct view *v, struct kv_txn *t, const struct ix_log *l, struct err *err)
{
	const uint32_t at = picture_from(&v->picture, l->uid);
	struct ix_hot hot = { .bits = 0 };
	enum found f = ABSENT;

	if (l->box != v->m->box || l->kind == LOG_BOX || at >= v->marks.n ||
	    picture_uid(&v->picture, at) != l->uid)
		return 0;
	if (l->kind == LOG_MSG)
		f = ix_get_hot(t, l->box, l->uid, &hot, err);
	v->marks.v[at] = f == FOUND
			     ? (uint8_t)seen_flags(v->m, l->uid, hot.bits)
			     : (uint8_t)VIEW_MARK_GONE;
	return f == TEMPFAIL ? -1 : 0;
}

/* As far as UPTO, where the log ends. */
static int
read_log(struct view *v, struct kv_txn *t, uint64_t upto, int64_t *left,
    struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	char key[IX_KEY];
	struct slice k, val;
	struct ix_log l;
	uint64_t modseq;
	enum found f;

	if (c == NULL)
		return -1;
	f = kv_seek(c, ix_log_key(key, v->marks.modseq + 1), &k, &val, err);
	while (f == FOUND && *left > 0 && ix_key_log(k, &modseq) &&
	       ix_read_log(val, &l)) {
		if (note(v, t, &l, err) == -1) {
			f = TEMPFAIL;
			break;
		}
		v->marks.modseq = modseq;
		*left -= LOG_COST;
		f = kv_next(c, &k, &val, err);
	}
	kv_cursor_close(&c);
	if (f != TEMPFAIL && *left > 0)
		v->marks.modseq = upto;
	return f == TEMPFAIL ? -1 : 0;
}

static int
read_some(struct view *v, struct kv_txn *t, bool *more, struct err *err)
{
	int64_t left = VIEW_STEP_COST;
	struct ix_meta meta;

	if (ix_get_meta(t, &meta, err) != FOUND)
		return -1;
	begin(v, &meta);
	if (read_index(v, t, &left, err) == -1)
		return -1;
	if (v->marks.modseq < meta.modseq && left > 0 &&
	    read_log(v, t, meta.modseq, &left, err) == -1)
		return -1;
	*more = v->marks.n < v->picture.n || v->marks.modseq < meta.modseq;
	return 0;
}

int
view_mark(struct view *v, bool *more, struct err *err)
{
	struct kv_txn *t;
	const enum found f = message_snapshot(v->m, &t, err);
	int rc;

	*more = false;
	if (f == TEMPFAIL)
		return -1;
	if (f == ABSENT) {
		begin(v, &(struct ix_meta){ .log_floor = UINT64_MAX });
		put(&v->marks, v->picture.n, VIEW_MARK_GONE);
		return 0;
	}
	rc = read_some(v, t, more, err);
	kv_abort(&t);
	return rc;
}

const uint8_t *
view_marks(const struct view *v)
{
	return v->marks.v;
}

void
view_marks_drop(struct view *v, const uint32_t *uids, size_t n)
{
	const struct picture *p = &v->picture;
	struct view_marks *k = &v->marks;
	uint32_t from = 0, to = 0;

	for (size_t i = 0; i < n && k->n > 0; i++) {
		const uint32_t at = picture_from(p, uids[i]);

		if (at >= k->n)
			break;
		if (picture_uid(p, at) != uids[i])
			continue;
		memmove(k->v + to, k->v + from, at - from);
		to += at - from;
		from = at + 1;
	}
	if (from == 0)
		return;
	memmove(k->v + to, k->v + from, k->n - from);
	k->n = to + (k->n - from);
}
