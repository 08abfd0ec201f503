/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "index/ix.h"
#include "index/walk.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/seen.h"
#include "store/sync.h"
#include "sys/kv.h"

/* As a guest has it; *B is read again, for it has to be as old as what is
 * counted. */
static int
count_unseen(struct mailbox *m, struct ix_box *b, uint32_t *n, struct err *err)
{
	struct kv_txn *t = kv_read(m->a->ix.env, err);
	int rc = -1;

	if (t == NULL)
		return -1;
	switch (ix_get_box(t, m->box, b, err)) {
	case FOUND:
		if (seen_refresh(m, b, err) == 0)
			rc = seen_unseen(m, t, b, n, err);
		break;
	case ABSENT:
		rc = err_set_code(
		    err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
		break;
	case TEMPFAIL:
		break;
	}
	kv_abort(&t);
	return rc;
}

/* Messages that no session has had as \\Recent. */
static int
count_recent(
    struct mailbox *m, const struct ix_box *b, uint32_t *n, struct err *err)
{
	struct kv_txn *t;
	struct walk w;
	enum found f;

	*n = 0;
	if (b->first_recent >= b->uidnext)
		return 0;
	t = kv_read(m->a->ix.env, err);
	if (t == NULL)
		return -1;
	if (walk_open(&w, t, m->box, b->first_recent, false, err) == -1) {
		kv_abort(&t);
		return -1;
	}
	while ((f = walk_next(&w, err)) == FOUND)
		(*n)++;
	walk_close(&w);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

int
mailbox_status(struct mailbox *m, struct mailbox_status *st, struct err *err)
{
	struct ix_box b;
	uint32_t unseen;

	if (sync_read_box(m, &b, err) == -1)
		return -1;
	unseen = b.unseen;
	if (m->seen != NULL && count_unseen(m, &b, &unseen, err) == -1)
		return -1;
	*st = (struct mailbox_status){ .messages = b.messages,
		.unseen = unseen,
		.deleted = b.deleted,
		.uidnext = b.uidnext,
		.uidvalidity = b.uidvalidity,
		.highestmodseq = b.modseq,
		.bytes = b.bytes,
		.special = b.special };
	memcpy(st->id, b.id, sizeof st->id);
	return count_recent(m, &b, &st->recent, err);
}
