/* SPDX-License-Identifier: ISC */
#include "store/boxfiles.h"

#include <bsd/string.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_uid.h"
#include "maildir/boxfile.h"
#include "maildir/mailboxes.h"
#include "maildir/maildir.h"
#include "maildir/special.h"
#include "maildir/takeover.h"
#include "store/inner.h"
#include "sys/fd.h"

enum {
	UID_STEP = 1000,
	UIDS_SPARE = 1 << 24, /* more than tx_uid keeps */
};

static int
put(struct account *a, int dirfd, const struct boxfile *f, struct err *err)
{
	const bool together = a->gathers && a->boxfiles > 0;

	a->boxfiles++;
	return (together ? boxfile_put : boxfile_write)(dirfd, f, err);
}

void
boxfiles_gather(struct account *a)
{
	a->gathers = true;
	a->boxfiles = 0;
}

int
boxfiles_settle(struct account *a, struct err *err)
{
	a->gathers = false;
	return a->boxfiles > 1 ? fd_sync_fs(a->ix.fd, err) : 0;
}

/* An id names one mailbox: a copy of a mailbox's directory gets its own. */
static int
id_taken(struct tx *tx, const char *id, struct err *err)
{
	struct ix_box b;
	uint32_t from = 0;
	enum found f;

	while ((f = ix_next_box(tx->t, from, &b, err)) == FOUND) {
		if (strcmp(b.id, id) == 0)
			return 1;
		from = b.box + 1;
	}
	return f == TEMPFAIL ? -1 : 0;
}

/* One of its own for a mailbox that brings none. */
static int
give_uidvalidity(struct tx *tx, const struct ix_box *b, bool known,
    struct boxfile *f, struct err *err)
{
	if (b->dir[0] != '\0')
		return known ? 0 : tx_uidvalidity(tx, &f->uidvalidity, err);
	if (!known)
		return tx_uidvalidity_first(tx, f, err);
	tx_uidvalidity_seen(tx, f->uidvalidity);
	f->given = 0;
	return 0;
}

/* A new account goes to disk with its first message. */
static int
write_boxfile(struct tx *tx, const struct ix_box *b, const struct maildir *d,
    bool known, const struct boxfile *f, struct err *err)
{
	if (b->dir[0] != '\0' || known || !maildir_is_empty(d))
		return put(ACCOUNT_OF(tx->ix), d->fd, f, err);
	tx->meta.clean = IX_UNSYNCED;
	tx->ix->unsynced = true;
	tx->ix->synced = false;
	return boxfile_put(d->fd, f, err);
}

int
boxfiles_load(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct takeover *from, struct err *err)
{
	struct boxfile f = { 0 };
	const enum found read = boxfile_read(d->fd, &f, err);
	/* Without a UID left it begins anew. */
	const enum found have =
	    read == FOUND && f.ceiling > UINT32_MAX - UIDS_SPARE ? ABSENT
								 : read;
	const int taken = have == FOUND ? id_taken(tx, f.id, err) : 0;

	if (have == TEMPFAIL || taken == -1)
		return -1;
	b->uidnext = f.ceiling;
	if (f.brought != 0 && f.brought < f.ceiling) {
		b->uidnext = f.brought;
		b->bits |= BOX_BROUGHT;
	}
	if (have == ABSENT || taken == 1) {
		const bool known = taken == 0 && from->uidvalidity != 0;

		b->bits &= ~(uint32_t)BOX_BROUGHT;
		f.brought = f.given = 0;
		f.uidvalidity = from->uidvalidity;
		if (give_uidvalidity(tx, b, known, &f, err) == -1)
			return -1;
		b->uidnext = known ? from->uidnext : 1;
		f.ceiling = b->uidnext + UID_STEP;
		strlcpy(f.id, known ? from->id : "", sizeof f.id);
		if (f.id[0] == '\0' || id_taken(tx, f.id, err) != 0)
			boxfile_new_id(f.id);
		if (have == ABSENT)
			f.special = special_of(slice_str(b->name));
		if (write_boxfile(tx, b, d, known, &f, err) == -1)
			return -1;
	}
	tx_uidvalidity_seen(tx, f.uidvalidity);
	if (b->dir[0] == '\0') {
		tx_uidvalidity_seen(tx, f.given);
		tx->meta.given = f.given;
	}
	b->uidvalidity = f.uidvalidity;
	b->ceiling = f.ceiling;
	b->special = f.special;
	memcpy(b->id, f.id, sizeof b->id);
	return 0;
}
