/* SPDX-License-Identifier: ISC */
#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keptdir.h"
#include "maildir/mailboxes.h"
#include "store/inner.h"
#include "store/keep.h"
#include "store/keeproom.h"
#include "sys/clock.h"
#include "sys/fd.h"

/* Nothing is to be brought back of an empty one. */
static bool
is_worth_it(struct account *a, const struct ix_box *b)
{
	struct maildir d;
	bool empty = false;

	if (b->messages > 0)
		return true;
	if (maildir_open(&d, a->ix.fd, b->dir, false, NULL) == FOUND)
		empty = maildir_is_empty(&d);
	maildir_close(&d);
	return !empty;
}

int
keep_mailbox(struct tx *tx, const struct ix_box *b, int *fd, struct err *err)
{
	struct account *a = ACCOUNT_OF(tx->ix);
	const int64_t now_s = clock_wall_s();
	struct err why = { 0 };
	struct keepsum sum;
	uint64_t room_bytes;

	*fd = -1;
	if (keeproom_find(tx, a, now_s, &sum, &room_bytes, err) == -1)
		return -1;
	if (room_bytes == 0 || !is_worth_it(a, b))
		return 0;
	if (b->bytes > room_bytes) {
		keeproom_lacks(a, "as much is kept as may be");
		return 0;
	}
	*fd = keptdir_open_deleted(a->ix.fd, now_s, b->id, &why);
	if (*fd == -1)
		return keeproom_failed(a, &why, err);
	if (sum.messages == 0)
		sum.modseq = tx->modseq;
	sum.bytes += b->bytes;
	sum.messages += b->messages;
	if (keepsum_put(tx->t, keepsum_day(now_s), &sum, err) == 0)
		return 0;
	fd_close(fd);
	return -1;
}
