/* SPDX-License-Identifier: ISC */
#include "store/view_since.h"

#include "base/slice.h"
#include "index/ix.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/view_inner.h"
#include "sys/kv.h"

enum {
	LIST_LIMIT = 1 << 30,
	STEP = 4000, /* entries of the log */
};

void
view_since_init(struct view_since *w, uint64_t modseq)
{
	*w = (struct view_since){ .modseq = modseq };
	buf_init(&w->gone, LIST_LIMIT);
	buf_init(&w->changed, LIST_LIMIT);
}

void
view_since_fini(struct view_since *w)
{
	buf_fini(&w->gone);
	buf_fini(&w->changed);
}

static void
note(const struct view *v, struct view_since *w, const struct ix_log *l)
{
	struct buf *to = l->kind == LOG_GONE ? &w->gone : &w->changed;

	if (l->box != v->m->box || l->kind == LOG_BOX)
		return;
	if (l->kind == LOG_GONE && picture_has(&v->picture, l->uid))
		return; /* to be told as expunged */
	buf_add(to, slice_of(&l->uid, sizeof l->uid));
}

/* A number that was never given is another index's: nothing is known. */
static bool
check(const struct view *v, struct view_since *w, const struct ix_meta *meta)
{
	if (!w->begun && w->modseq > meta->modseq) {
		w->modseq = 0;
		w->cut = w->all = true;
	}
	/* Nothing happened since, whatever the log has lost. */
	if (!w->begun && !w->cut && w->modseq >= v->highest)
		w->modseq = v->modseq;
	w->begun = true;
	if (w->modseq >= v->modseq)
		return false;
	if (w->modseq < meta->log_floor)
		w->cut = true;
	/* Each message stands once in the log, with all others'. */
	if (w->cut && v->modseq - w->modseq >= v->picture.n)
		w->all = true;
	return !w->all;
}

static int
read_log(
    struct view *v, struct view_since *w, struct kv_txn *t, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	unsigned left = STEP;
	char key[IX_KEY];
	struct slice k, val;
	struct ix_log l;
	uint64_t at;
	enum found f;

	if (c == NULL)
		return -1;
	f = kv_seek(c, ix_log_key(key, w->modseq + 1), &k, &val, err);
	while (f == FOUND && left > 0 && ix_key_log(k, &at) &&
	       at <= v->modseq && ix_read_log(val, &l)) {
		note(v, w, &l);
		w->modseq = at;
		left--;
		f = kv_next(c, &k, &val, err);
	}
	kv_cursor_close(&c);
	if (f != TEMPFAIL && left > 0)
		w->modseq = v->modseq;
	return f == TEMPFAIL ? -1 : 0;
}

int
view_since_step(
    struct view *v, struct view_since *w, bool *more, struct err *err)
{
	struct ix_meta meta;
	struct kv_txn *t;
	int rc = -1;

	*more = false;
	if (handle_enter_mailbox(v->m, err) == -1 ||
	    (t = kv_read(v->m->a->ix.env, err)) == NULL)
		return -1;
	if (ix_get_meta(t, &meta, err) == FOUND)
		rc = check(v, w, &meta) ? read_log(v, w, t, err) : 0;
	kv_abort(&t);
	*more = rc == 0 && !w->all && w->modseq < v->modseq;
	if (rc == 0 && !*more) {
		view_uids_sort(&w->gone);
		view_uids_sort(&w->changed);
	}
	return rc;
}
