/* SPDX-License-Identifier: ISC */
#include "store/gone.h"

#include "base/slice.h"
#include "index/ix.h"
#include "store/inner.h"
#include "store/sync.h"
#include "sys/kv.h"

static int
read_log(struct kv_txn *t, uint32_t box, uint64_t since,
    void (*visit)(void *arg, uint32_t uid), void *arg, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	char key[IX_KEY];
	struct slice k, v;
	uint64_t modseq;
	struct ix_log l;
	enum found f;

	if (c == NULL)
		return -1;
	f = kv_seek(c, ix_log_key(key, since), &k, &v, err);
	while (f == FOUND && ix_key_log(k, &modseq) && ix_read_log(v, &l)) {
		if (l.kind == LOG_GONE && l.box == box)
			visit(arg, l.uid);
		f = kv_next(c, &k, &v, err);
	}
	kv_cursor_close(&c);
	return f == TEMPFAIL ? -1 : 0;
}

int
mailbox_gone(struct mailbox *m, int64_t since_s, bool *complete,
    void (*visit)(void *arg, uint32_t uid), void *arg, struct err *err)
{
	const uint64_t since = (uint64_t)since_s * 1000000;
	struct ix_meta meta;
	struct kv_txn *t;
	struct ix_box b;
	int rc = -1;

	*complete = false;
	if (sync_read_box(m, &b, err) == -1 ||
	    (t = kv_read(m->a->ix.env, err)) == NULL)
		return -1;
	if (ix_get_meta(t, &meta, err) == FOUND)
		rc = read_log(t, b.box, since, visit, arg, err);
	*complete = rc == 0 && meta.log_floor <= since;
	kv_abort(&t);
	return rc;
}
