/* SPDX-License-Identifier: ISC */
#include "store/change.h"

#include "base/buf.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_touch.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/seen.h"
#include "store/seenchange.h"
#include "store/sync.h"

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

/* A change of flags on its way. */
struct changing {
	struct tx tx;
	struct mailbox *m;
	struct ix_box b;
	const struct flags_change *change;
	struct keyword_set named;
	struct seen_change *seen; /* NULL: \Seen is one of the flags */
	struct buf *failed;
};

/* BITS, which are those of the message for who changes them, as its record has
 * them.  True: \Seen of his own is another one. */
static bool
split_seen(const struct changing *g, uint32_t uid, const struct ix_hot *hot,
    uint32_t *bits)
{
	const uint32_t seen = *bits & MSG_SEEN;
	const bool changed =
	    g->seen != NULL && seen != (seen_flags(g->m, uid, 0) & MSG_SEEN);

	if (g->seen != NULL)
		*bits = (*bits & ~(uint32_t)MSG_SEEN) | (hot->bits & MSG_SEEN);
	if (changed)
		seen_note(g->seen, uid, seen != 0);
	return changed;
}

static int
change_one(struct changing *g, uint32_t uid, struct err *err)
{
	const struct flags_change *c = g->change;
	struct ix_box *b = &g->b;
	struct tx *tx = &g->tx;
	struct keyword_set set;
	struct ix_hot hot;
	uint64_t before;
	uint32_t bits;
	bool own;
	enum found f = ix_get_hot(tx->t, b->box, uid, &hot, err);

	if (f == TEMPFAIL)
		return -1;
	if (f == ABSENT && c->unchanged_since == UINT64_MAX)
		return 0;
	if (f == ABSENT || hot.modseq > c->unchanged_since) {
		if (g->failed != NULL)
			buf_add(g->failed, slice_of(&uid, sizeof uid));
		return 0;
	}
	if (ix_get_keywords(tx->t, b->box, uid, &hot, &set, err) != FOUND)
		return -1;
	bits =
	    (hot.bits & ~(uint32_t)MSG_FLAGS) | seen_flags(g->m, uid, hot.bits);
	if (apply(c, &g->named, &bits, &set, err) == -1)
		return -1;
	own = split_seen(g, uid, &hot, &bits);
	if (((bits ^ hot.bits) & MSG_FLAGS) != 0 ||
	    keyword_set_letters(&set) != hot.letters)
		bits |= HOT_PENDING;
	before = hot.modseq;
	if (tx_change(tx, b, uid, &hot, bits, &set, err) == -1 ||
	    (own && hot.modseq == before &&
		tx_touch(tx, b, uid, &hot, err) == -1))
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
change_all(struct changing *g, const uint32_t *uids, size_t n, struct err *err)
{
	const struct flags_change *change = g->change;
	enum found any = ABSENT;

	if (change->op != FLAGS_DEL && change->keywords.n > 0)
		any = find_any(&g->tx, &g->b, uids, n, change, err);
	if (any == TEMPFAIL ||
	    kwtable_resolve(&g->tx, &g->b, &g->m->dirs, g->m->keywords,
		change->keywords, any == FOUND, &g->named, err) == -1 ||
	    seen_begin(g->m, &g->tx, &g->b, &g->seen, err) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (change_one(g, uids[i], err) == -1)
			return -1;
	return g->seen != NULL ? seen_write(g->seen, &g->tx, &g->b, err) : 0;
}

int
message_flags(struct mailbox *m, const uint32_t *uids, size_t n,
    const struct flags_change *change, struct buf *failed, uint64_t *from,
    uint64_t *to, struct err *err)
{
	const bool more =
	    change->keywords.n > 0 || mailbox_keywords(m)->size > 32;
	const size_t each = more ? 512 + KEYWORDS_PER_MESSAGE * 2 : 256;
	struct changing g = { .m = m, .change = change, .failed = failed };
	int rc;

	if ((change->op != FLAGS_DEL &&
		keywords_check(change->keywords, err) == -1) ||
	    sync_begin(m, TX_ROOM + n * each, &g.tx, &g.b, err) == -1)
		return -1;
	*from = g.tx.meta.modseq + 1;
	rc = change_all(&g, uids, n, err);
	*to = g.tx.meta.modseq + 1;
	if (rc == 0)
		rc = ix_put_box(g.tx.t, &g.b, err);
	if (rc == 0)
		rc = tx_commit(&g.tx, err);
	else
		tx_abort(&g.tx);
	seen_end(&g.seen, rc == 0);
	return rc;
}
