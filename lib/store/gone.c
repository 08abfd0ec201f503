/* SPDX-License-Identifier: ISC */
#include "store/gone.h"

#include "base/slice.h"
#include "index/ix.h"
#include "store/inner.h"
#include "store/keepsum.h"
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

/* The number that changes since the day of SINCE_S are above: the log has no
 * times, but each day on which something was kept has its number. */
static enum found
find_since(struct kv_txn *t, int64_t since_s, uint64_t *since, struct err *err)
{
	struct keepsum sum;
	uint32_t day;
	const enum found f =
	    keepsum_next(t, keepsum_day(since_s), &day, &sum, err);

	*since = sum.modseq;
	return f == FOUND && sum.modseq == 0 ? ABSENT : f;
}

int
mailbox_gone(struct mailbox *m, int64_t since_s, bool *complete,
    void (*visit)(void *arg, uint32_t uid), void *arg, struct err *err)
{
	struct ix_meta meta;
	struct kv_txn *t;
	struct ix_box b;
	uint64_t since;
	enum found f;
	int rc = 0;

	*complete = false;
	if (sync_read_box(m, &b, err) == -1 ||
	    (t = kv_read(m->a->ix.env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	if (f == FOUND)
		f = find_since(t, since_s, &since, err);
	*complete = f == FOUND && meta.log_floor <= since;
	if (*complete)
		rc = read_log(t, b.box, since, visit, arg, err);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : rc;
}
