/* SPDX-License-Identifier: ISC */
#include "index/tx_uid.h"

#include <string.h>

#include "base/slice.h"
#include "index/index.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/boxfile.h"
#include "sys/clock.h"

enum {
	UID_STEP = 1000,
	UID_STEP_MAX = 100000,
	UIDVALIDITY_STEP = 1000,
};

/* From here on (in the year 2097) they are another server's that did not take
 * them from a clock: ours do not go on behind them. */
static const uint32_t FOREIGN_UIDVALIDITY = 0xf0000000;

/* The next one, in memory. */
static int
next_uidvalidity(struct tx *tx, uint32_t *uidvalidity, struct err *err)
{
	const uint32_t now = (uint32_t)clock_wall_s();
	const uint32_t last = tx->meta.last_uidvalidity;

	if (now <= last && last >= FOREIGN_UIDVALIDITY)
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "no UIDVALIDITY is left");
	*uidvalidity = now > last ? now : last + 1;
	tx->meta.last_uidvalidity = *uidvalidity;
	return 0;
}

void
tx_uidvalidity_seen(struct tx *tx, uint32_t uidvalidity)
{
	if (uidvalidity < FOREIGN_UIDVALIDITY &&
	    uidvalidity > tx->meta.last_uidvalidity)
		tx->meta.last_uidvalidity = uidvalidity;
}

int
tx_uidvalidity_first(struct tx *tx, struct boxfile *f, struct err *err)
{
	if (next_uidvalidity(tx, &f->uidvalidity, err) == -1)
		return -1;
	f->given = tx->meta.given = f->uidvalidity + UIDVALIDITY_STEP;
	return 0;
}

int
tx_inbox_file(struct tx *tx, struct boxfile *f, struct err *err)
{
	enum found found = boxfile_read(tx->ix->fd, f, err);
	struct ix_box b;
	uint32_t box;

	if (found != ABSENT)
		return found == FOUND ? 0 : -1;
	found = ix_find_box(tx->t, SLICE("INBOX"), &box, err);
	if (found == FOUND)
		found = ix_get_box(tx->t, box, &b, err);
	if (found == ABSENT)
		err_set(err, ERR_TEMP, "the account has no INBOX");
	if (found != FOUND)
		return -1;
	*f = (struct boxfile){ .uidvalidity = b.uidvalidity,
		.ceiling = b.ceiling,
		.special = b.special };
	memcpy(f->id, b.id, sizeof f->id);
	return 0;
}

int
tx_uidvalidity(struct tx *tx, uint32_t *uidvalidity, struct err *err)
{
	struct boxfile f;

	if (next_uidvalidity(tx, uidvalidity, err) == -1)
		return -1;
	if (*uidvalidity <= tx->meta.given)
		return 0;
	if (tx_inbox_file(tx, &f, err) == -1)
		return -1;
	/* Raised in a transaction that was given up: those up to it are free,
	 * or the index, which was built since, would go on behind it. */
	if (*uidvalidity > f.given) {
		f.given = *uidvalidity + UIDVALIDITY_STEP;
		if (boxfile_write(tx->ix->fd, &f, err) == -1)
			return -1;
	}
	tx->meta.given = f.given;
	return 0;
}

/* Each one costs two syncs: what takes in many messages takes more at once. */
static uint32_t
uid_step(const struct ix_box *b)
{
	if (b->messages < UID_STEP)
		return UID_STEP;
	return b->messages < UID_STEP_MAX ? b->messages : UID_STEP_MAX;
}

int
tx_boxfile(struct ix_box *b, int dirfd, struct err *err)
{
	struct boxfile f = { 0 };

	if (boxfile_read(dirfd, &f, err) == TEMPFAIL)
		return -1;
	f.uidvalidity = b->uidvalidity;
	f.special = b->special;
	memcpy(f.id, b->id, sizeof f.id);
	if (f.ceiling < b->ceiling)
		f.ceiling = b->ceiling;
	if (f.ceiling <= b->uidnext)
		f.ceiling = b->uidnext + uid_step(b);
	if ((b->bits & BOX_BROUGHT) == 0)
		f.brought = 0;
	else if (f.brought == 0)
		f.brought = b->uidnext;
	if (boxfile_write(dirfd, &f, err) == -1)
		return -1;
	b->ceiling = f.ceiling;
	return 0;
}

int
tx_uid_own(struct ix_box *b, int dirfd, uint32_t *uid, struct err *err)
{
	if (b->uidnext >= UINT32_MAX - UID_STEP_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "the mailbox has no UIDs left");
	if (b->uidnext >= b->ceiling && tx_boxfile(b, dirfd, err) == -1)
		return -1;
	*uid = b->uidnext++;
	return 0;
}

/* Of those below the ceiling some may be in names that the index does not know
 * yet. */
static int
renumber(struct tx *tx, struct ix_box *b, int dirfd, struct err *err)
{
	if (tx_uidvalidity(tx, &b->uidvalidity, err) == -1)
		return -1;
	b->bits &= ~(uint32_t)BOX_BROUGHT;
	if (b->uidnext < b->ceiling)
		b->uidnext = b->ceiling;
	if (tx_boxfile(b, dirfd, err) == -1)
		return -1;
	return tx_log(tx, b, 0, LOG_BOX, err);
}

int
tx_uid(
    struct tx *tx, struct ix_box *b, int dirfd, uint32_t *uid, struct err *err)
{
	if ((b->bits & BOX_BROUGHT) != 0 && renumber(tx, b, dirfd, err) == -1)
		return -1;
	return tx_uid_own(b, dirfd, uid, err);
}
