/* SPDX-License-Identifier: ISC */
#include "store/message.h"

#include "index/ix.h"
#include "index/tx.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/maildir.h"
#include "store/change.h"
#include "store/inner.h"
#include "store/keep.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/notify.h"
#include "store/remove.h"
#include "store/snapshot.h"
#include "store/sync.h"

enum { EXPUNGE_BATCH = 1000 };

static int
apply(const struct flags_change *c, const struct keyword_set *named,
    uint32_t *bits, struct keyword_set *set, struct err *err)
{
	const uint32_t flags = c->flags & MSG_FLAGS;

	switch (c->op) {
	case FLAGS_SET:
		/* Maildir's own flag has no name in IMAP to keep it by. */
		*bits &= ~(uint32_t)(MSG_FLAGS & ~MSG_PASSED) | c->kept;
		*bits |= flags;
		if (!c->keeps_keywords)
			*set = *named;
		break;
	case FLAGS_ADD:
		*bits |= flags;
		if (c->keywords.n > 0)
			keyword_set_or(set, named);
		break;
	case FLAGS_DEL:
		*bits &= ~flags;
		if (c->keywords.n > 0)
			keyword_set_del(set, named);
		break;
	}
	if (c->op != FLAGS_DEL && c->keywords.n > 0 &&
	    keyword_set_count(set) > KEYWORDS_PER_MESSAGE)
		return err_set_code(err, ERR_PERM, ERR_LIMIT,
		    "too many keywords for a message");
	return 0;
}

static int
change_one(struct tx *tx, struct ix_box *b, uint32_t uid,
    const struct flags_change *c, const struct keyword_set *named,
    struct buf *failed, struct err *err)
{
	struct keyword_set set;
	struct ix_hot hot;
	uint64_t before;
	uint32_t bits;
	enum found f = ix_get_hot(tx->t, b->box, uid, &hot, err);

	if (f == TEMPFAIL)
		return -1;
	if (f == ABSENT && c->unchanged_since == UINT64_MAX)
		return 0;
	if (f == ABSENT || hot.modseq > c->unchanged_since) {
		if (failed != NULL)
			buf_add(failed, slice_of(&uid, sizeof uid));
		return 0;
	}
	if (ix_get_keywords(tx->t, b->box, uid, &hot, &set, err) != FOUND)
		return -1;
	bits = hot.bits;
	if (apply(c, named, &bits, &set, err) == -1)
		return -1;
	if (((bits ^ hot.bits) & MSG_FLAGS) != 0 ||
	    keyword_set_letters(&set) != hot.letters)
		bits |= HOT_PENDING;
	before = hot.modseq;
	if (tx_change(tx, b, uid, &hot, bits, &set, err) == -1)
		return -1;
	if (c->on_change != NULL && hot.modseq != before)
		c->on_change(c->arg, before, hot.modseq);
	return 0;
}

/* Is one of UIDS there to be changed? */
static enum found
find_any(const struct tx *tx, const struct ix_box *b, const uint32_t *uids,
    size_t n, const struct flags_change *c, struct err *err)
{
	struct ix_hot hot;

	for (size_t i = 0; i < n; i++) {
		const enum found f =
		    ix_get_hot(tx->t, b->box, uids[i], &hot, err);

		if (f == TEMPFAIL ||
		    (f == FOUND && hot.modseq <= c->unchanged_since))
			return f;
	}
	return ABSENT;
}

static int
change_all(struct tx *tx, struct mailbox *m, struct ix_box *b,
    const uint32_t *uids, size_t n, const struct flags_change *change,
    struct buf *failed, struct err *err)
{
	struct keyword_set named;
	enum found any = ABSENT;

	if (change->op != FLAGS_DEL && change->keywords.n > 0)
		any = find_any(tx, b, uids, n, change, err);
	if (any == TEMPFAIL ||
	    kwtable_resolve(tx, b, &m->dirs, m->keywords, change->keywords,
		any == FOUND, &named, err) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (change_one(tx, b, uids[i], change, &named, failed, err) ==
		    -1)
			return -1;
	return 0;
}

int
message_flags(struct mailbox *m, const uint32_t *uids, size_t n,
    const struct flags_change *change, struct buf *failed, uint64_t *from,
    uint64_t *to, struct err *err)
{
	const bool more =
	    change->keywords.n > 0 || mailbox_keywords(m)->size > 32;
	const size_t each = more ? 512 + KEYWORDS_PER_MESSAGE * 2 : 256;
	struct ix_box b;
	struct tx tx;

	if ((change->op != FLAGS_DEL &&
		keywords_check(change->keywords, err) == -1) ||
	    sync_begin(m, TX_ROOM + n * each, &tx, &b, err) == -1)
		return -1;
	*from = tx.meta.modseq + 1;
	if (change_all(&tx, m, &b, uids, n, change, failed, err) == -1) {
		tx_abort(&tx);
		return -1;
	}
	*to = tx.meta.modseq + 1;
	if (ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

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
