/* SPDX-License-Identifier: ISC */
#include "store/message.h"

#include "index/ix.h"
#include "index/tx.h"
#include "maildir/filename.h"
#include "maildir/maildir.h"
#include "store/change.h"
#include "store/inner.h"
#include "store/keep.h"
#include "store/notify.h"
#include "store/remove.h"
#include "store/sync.h"

enum { EXPUNGE_BATCH = 1000 };

/* Keep UID's file, or unlink it (K is NULL), and forget it.  *LOOKED: the
 * directories were read since the transaction began, so that a file that is not
 * there is gone. */
static int
expunge_one(struct tx *tx, struct mailbox *m, struct ix_box *b, uint32_t uid,
    bool any, struct keeping *k, bool *looked, struct err *err)
{
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f = ix_get_hot(tx->t, b->box, uid, &hot, err);

	if (f == FOUND)
		f = ix_get_msg(tx->t, b->box, uid, &msg, err);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if (!any && (hot.bits & MSG_DELETED) == 0)
		return 0;
	f = k != NULL ? keep_message(k, tx, m, uid, &hot, &msg, err)
		      : maildir_remove(&m->dirs, ix_part(&hot), msg.file, err);
	if (f == TEMPFAIL)
		return -1;
	if (f == FOUND || *looked)
		return tx_gone_known(tx, b, uid, &hot, msg.vsize, err);
	/* Under another name it would come back as a new message. */
	*looked = true;
	if (sync_scan(tx, m, b, err) == -1)
		return -1;
	return expunge_one(tx, m, b, uid, any, k, looked, err);
}

static int
expunge_batch(struct mailbox *m, const uint32_t *uids, size_t n, bool any,
    bool keep, struct err *err)
{
	struct maildir_times times;
	struct keeping k;
	bool looked = false;
	struct ix_box b;
	struct tx tx;
	int rc = 0;

	notify_flusher_wait(m->a);
	if (sync_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	times = maildir_times(&m->dirs);
	if (keep)
		rc = keep_begin(&k, &tx, m, &b, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = expunge_one(
		    &tx, m, &b, uids[i], any, keep ? &k : NULL, &looked, err);
	if (keep && keep_end(&k, &tx, rc == 0 ? err : NULL) == -1)
		rc = -1;
	tx_times_end(times, &m->dirs, &b);
	/* What was unlinked before a failure is gone all the same. */
	if (ix_put_box(tx.t, &b, rc == 0 ? err : NULL) == -1) {
		tx_abort(&tx);
		return -1;
	}
	return tx_commit(&tx, rc == 0 ? err : NULL) == 0 ? rc : -1;
}

static int
expunge(struct mailbox *m, const uint32_t *uids, size_t n, bool any, bool keep,
    struct err *err)
{
	for (size_t i = 0; i < n; i += EXPUNGE_BATCH) {
		const size_t some =
		    n - i < EXPUNGE_BATCH ? n - i : EXPUNGE_BATCH;

		if (expunge_batch(m, uids + i, some, any, keep, err) == -1)
			return -1;
	}
	return 0;
}

int
message_expunge(struct mailbox *m, const uint32_t *uids, size_t n, bool any,
    struct err *err)
{
	return expunge(m, uids, n, any, true, err);
}

int
message_remove(
    struct mailbox *m, const uint32_t *uids, size_t n, struct err *err)
{
	return expunge(m, uids, n, true, false, err);
}
