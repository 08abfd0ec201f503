/* SPDX-License-Identifier: ISC */
#include "store/visit.h"

#include "index/ix.h"
#include "index/walk.h"
#include "maildir/filename.h"
#include "store/inner.h"
#include "store/snapshot.h"
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
visit_messages(struct mailbox *m, uint32_t first, unsigned want,
    bool (*visit)(void *arg, struct visit *v), void *arg, struct err *err)
{
	struct visit v = { 0 };
	struct kv_txn *t;
	struct walk w;
	enum found f = message_snapshot(m, &t, err);

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if (walk_open(&w, t, m->box, first, (want & VISIT_SIZES) != 0, err) ==
	    -1) {
		kv_abort(&t);
		return -1;
	}
	v.walk = &w;
	while ((f = walk_next(&w, err)) == FOUND) {
		if ((want & VISIT_SIZES) != 0)
			take_sizes(&v.info, &w.msg);
		v.info.uid = w.uid;
		v.info.flags = w.hot.bits & MSG_FLAGS;
		v.info.modseq = w.hot.modseq;
		if ((want & VISIT_KEYWORDS) != 0)
			f = ix_get_keywords(
			    t, m->box, w.uid, &w.hot, &v.info.keywords, err);
		if (f != FOUND || !visit(arg, &v))
			break;
	}
	walk_close(&w);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

enum found
visit_cached(struct visit *v, struct slice *bytes, struct err *err)
{
	return walk_cache(v->walk, bytes, err);
}
