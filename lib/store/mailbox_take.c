/* SPDX-License-Identifier: ISC */
#include "store/mailbox_take.h"

#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_uid.h"
#include "store/account_new.h"
#include "store/append.h"
#include "store/handle.h"
#include "store/inner.h"

/* Ends TX; 0: what was done in it is committed. */
static enum found
end(struct tx *tx, enum found f, struct err *err)
{
	if (f == FOUND)
		return tx_commit(tx, err) == 0 ? FOUND : TEMPFAIL;
	tx_abort(tx);
	return f;
}

static enum found
get(struct tx *tx, struct mailbox *m, struct ix_box *b, struct err *err)
{
	const enum found f = ix_get_box(tx->t, m->box, b, err);

	if (f == ABSENT)
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	return f == FOUND ? FOUND : TEMPFAIL;
}

static int
begin(struct mailbox *m, struct tx *tx, struct err *err)
{
	if (handle_enter_mailbox(m, err) == -1 ||
	    handle_begin(m->a, TX_ROOM, tx, err) == -1)
		return -1;
	if (account_sync_now(m->a, err) == 0)
		return 0;
	tx_abort(tx);
	return -1;
}

static enum found
take(struct tx *tx, struct mailbox *m, uint32_t uidvalidity, struct err *err)
{
	struct ix_box b;

	if (get(tx, m, &b, err) != FOUND)
		return TEMPFAIL;
	if (b.uidvalidity != uidvalidity &&
	    (b.uidnext != 1 || b.messages != 0 ||
		(b.bits & (BOX_MORE | BOX_BUILD)) != 0))
		return ABSENT;
	b.uidvalidity = uidvalidity;
	b.bits |= BOX_BROUGHT;
	tx_uidvalidity_seen(tx, uidvalidity);
	if (tx_log(tx, &b, 0, LOG_BOX, err) == -1 ||
	    ix_put_box(tx->t, &b, err) == -1)
		return TEMPFAIL;
	return FOUND;
}

static enum found
take_file(
    struct tx *tx, struct mailbox *m, uint32_t uidvalidity, struct err *err)
{
	struct ix_box b;

	if (get(tx, m, &b, err) != FOUND)
		return TEMPFAIL;
	if (b.uidvalidity != uidvalidity || (b.bits & BOX_BROUGHT) == 0)
		return ABSENT;
	if (tx_boxfile(&b, m->dirs.fd, err) == -1 ||
	    ix_put_box(tx->t, &b, err) == -1)
		return TEMPFAIL;
	return FOUND;
}

/* The record before the file: after a crash in between, an index that is built
 * knows nothing of it, and takes no UID that was given since for a brought one.
 */
enum found
mailbox_take_begin(struct mailbox *m, uint32_t uidvalidity, struct err *err)
{
	enum found f;
	struct tx tx;

	if (uidvalidity == 0)
		return ABSENT;
	if (begin(m, &tx, err) == -1)
		return TEMPFAIL;
	f = end(&tx, take(&tx, m, uidvalidity, err), err);
	if (f != FOUND)
		return f;
	if (begin(m, &tx, err) == -1)
		return TEMPFAIL;
	return end(&tx, take_file(&tx, m, uidvalidity, err), err);
}

/* The file before the record: what others are given is below the ceiling of an
 * index that is built. */
static enum found
leave(struct tx *tx, struct mailbox *m, uint32_t uidvalidity, uint32_t uidnext,
    struct err *err)
{
	struct ix_box b;

	if (get(tx, m, &b, err) != FOUND)
		return TEMPFAIL;
	if (b.uidvalidity != uidvalidity)
		return ABSENT;
	if (b.uidnext >= uidnext && (b.bits & BOX_BROUGHT) == 0)
		return FOUND;
	if (b.uidnext < uidnext)
		b.uidnext = uidnext;
	b.bits &= ~(uint32_t)BOX_BROUGHT;
	if (tx_boxfile(&b, m->dirs.fd, err) == -1 ||
	    tx_log(tx, &b, 0, LOG_BOX, err) == -1 ||
	    ix_put_box(tx->t, &b, err) == -1)
		return TEMPFAIL;
	return FOUND;
}

enum found
mailbox_take_end(
    struct mailbox *m, uint32_t uidvalidity, uint32_t uidnext, struct err *err)
{
	struct tx tx;

	if (uidnext >= APPEND_UID_LIMIT)
		return ABSENT;
	if (begin(m, &tx, err) == -1)
		return TEMPFAIL;
	return end(&tx, leave(&tx, m, uidvalidity, uidnext, err), err);
}
