/* SPDX-License-Identifier: ISC */
#include "store/visit.h"

#include "index/column.h"
#include "index/ix.h"
#include "index/walk.h"
#include "maildir/filename.h"
#include "store/inner.h"
#include "store/seen.h"
#include "store/snapshot.h"
#include "store/visit_inner.h"
#include "sys/kv.h"

static void
take_sizes(struct message_info *info, const struct ix_msg *m)
{
	info->size = m->size;
	info->vsize = m->vsize;
	info->date_s = m->date_s;
	info->sent_s = m->sent_s;
	info->saved_s = m->saved_s;
	info->email_id = m->email_id;
	info->thread_id = m->thread_id;
}

int
visit_box(struct kv_txn *t, const struct mailbox *m, uint32_t box,
    uint32_t first, unsigned want, bool (*visit)(void *arg, struct visit *v),
    void *arg, struct err *err)
{
	struct visit v = { 0 };
	struct walk w;
	enum found f;

	if (walk_open(&w, t, box, first, (want & VISIT_SIZES) != 0, err) == -1)
		return -1;
	v.walk = &w;
	while ((f = walk_next(&w, err)) == FOUND) {
		if ((want & VISIT_SIZES) != 0)
			take_sizes(&v.info, &w.msg);
		v.info.uid = w.uid;
		v.info.flags = m != NULL ? seen_flags(m, w.uid, w.hot.bits)
					 : w.hot.bits & MSG_FLAGS;
		v.info.modseq = w.hot.modseq;
		if ((want & VISIT_KEYWORDS) != 0)
			f = ix_get_keywords(
			    t, box, w.uid, &w.hot, &v.info.keywords, err);
		if (f != FOUND || !visit(arg, &v))
			break;
	}
	walk_close(&w);
	return f == TEMPFAIL ? -1 : 0;
}

int
visit_messages(struct mailbox *m, uint32_t first, unsigned want,
    bool (*visit)(void *arg, struct visit *v), void *arg, struct err *err)
{
	struct kv_txn *t;
	enum found f = message_snapshot(m, &t, err);
	int rc;

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	rc = visit_box(t, m, m->box, first, want, visit, arg, err);
	kv_abort(&t);
	return rc;
}

enum found
visit_cached(struct visit *v, struct slice *bytes, struct err *err)
{
	return walk_cache(v->walk, bytes, err);
}

enum found
visit_column(struct visit *v, enum message_column column, struct slice *bytes,
    struct err *err)
{
	return walk_column(v->walk, column, bytes, err);
}

int
visit_column_of(struct mailbox *m, enum message_column column,
    const uint32_t *uids, size_t n,
    bool (*visit)(void *arg, struct slice bytes), void *arg, struct err *err)
{
	struct column_walk w = { .column = column };
	struct slice bytes;
	struct kv_txn *t;
	enum found f = message_snapshot(m, &t, err);

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	w.box = m->box;
	for (size_t i = 0; i < n && f == FOUND; i++) {
		f = column_walk(&w, t, uids[i], &bytes, err);
		if (f == FOUND && !visit(arg, bytes))
			break;
	}
	column_walk_close(&w);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

enum found
visit_info(struct visit *v, struct message_info *info, struct err *err)
{
	struct walk *w = v->walk;
	enum found f = FOUND;

	*info = v->info;
	if (w->msgs == NULL)
		f = ix_get_msg(w->t, w->box, w->uid, &w->msg, err);
	if (f != FOUND)
		return f;
	take_sizes(info, &w->msg);
	return ix_get_keywords(
	    w->t, w->box, w->uid, &w->hot, &info->keywords, err);
}
