/* SPDX-License-Identifier: ISC */
#include "store/mailbox_take.h"

#include <string.h>

#include "index/ix.h"
#include "index/tx.h"
#include "maildir/boxfile.h"
#include "store/account_new.h"
#include "store/append.h"
#include "store/handle.h"
#include "store/inner.h"

enum { UID_STEP = 1000 };

/* The file before the record: a crash in between leaves a mailbox whose index
 * is behind its file, as at each other UIDVALIDITY, so the file is read when
 * the index is built, and the next one to take them finds them as here. */
static int
write_file(const struct mailbox *m, struct ix_box *b, struct err *err)
{
	struct boxfile f = { 0 };

	if (boxfile_read(m->dirs.fd, &f, err) == TEMPFAIL)
		return -1;
	f.uidvalidity = b->uidvalidity;
	f.special = b->special;
	memcpy(f.id, b->id, sizeof f.id);
	if (b->ceiling <= b->uidnext)
		b->ceiling = b->uidnext + UID_STEP;
	f.ceiling = b->ceiling;
	return boxfile_write(m->dirs.fd, &f, err);
}

static enum found
take(struct tx *tx, struct mailbox *m, uint32_t uidvalidity, uint32_t uidnext,
    struct err *err)
{
	struct ix_box b;
	const enum found f = ix_get_box(tx->t, m->box, &b, err);

	if (f == ABSENT)
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	if (f != FOUND)
		return TEMPFAIL;
	if (b.uidvalidity != uidvalidity &&
	    (b.uidnext != 1 || b.messages != 0 ||
		(b.bits & (BOX_MORE | BOX_BUILD)) != 0))
		return ABSENT;
	if (b.uidvalidity == uidvalidity && b.uidnext >= uidnext)
		return FOUND;
	b.uidvalidity = uidvalidity;
	if (b.uidnext < uidnext)
		b.uidnext = uidnext;
	tx_uidvalidity_seen(tx, uidvalidity);
	if (write_file(m, &b, err) == -1 ||
	    tx_log(tx, &b, 0, LOG_BOX, err) == -1 ||
	    ix_put_box(tx->t, &b, err) == -1)
		return TEMPFAIL;
	return FOUND;
}

enum found
mailbox_take_uids(
    struct mailbox *m, uint32_t uidvalidity, uint32_t uidnext, struct err *err)
{
	enum found f;
	struct tx tx;

	if (uidvalidity == 0 || uidnext >= APPEND_UID_LIMIT)
		return ABSENT;
	if (handle_enter_mailbox(m, err) == -1 ||
	    handle_begin(m->a, TX_ROOM, &tx, err) == -1)
		return TEMPFAIL;
	f = account_sync_now(m->a, err) == 0
		? take(&tx, m, uidvalidity, uidnext, err)
		: TEMPFAIL;
	if (f == FOUND)
		return tx_commit(&tx, err) == 0 ? FOUND : TEMPFAIL;
	tx_abort(&tx);
	return f;
}
