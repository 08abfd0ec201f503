/* SPDX-License-Identifier: ISC */
/* Taking what other programs did to a mailbox's directories into the index, and
 * the transactions of a mailbox, which may have to look there too. */
#include "store/sync.h"

#include <stdbool.h>
#include <stddef.h>

#include "ev/loop.h"
#include "index/ix.h"
#include "index/tx.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/scan.h"
#include "sys/kv.h"

static int
gone(struct err *err)
{
	return err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
}

int
sync_read_box(struct mailbox *m, struct ix_box *b, struct err *err)
{
	struct kv_txn *t;
	enum found f;

	if (handle_enter_mailbox(m, err) == -1)
		return -1;
	t = kv_read(m->a->ix.env, err);
	if (t == NULL)
		return -1;
	f = ix_get_box(t, m->box, b, err);
	if (f == FOUND && kwtable_load(m->keywords, t, b, err) == -1)
		f = TEMPFAIL;
	kv_abort(&t);
	if (f == ABSENT)
		return gone(err);
	return f == FOUND ? 0 : -1;
}

int
sync_scan(struct tx *tx, struct mailbox *m, struct ix_box *b, struct err *err)
{
	scan_free(&m->scan);
	if (scan_known(tx, b, &m->dirs, m->keywords, err) == -1)
		return -1;
	return kwtable_save(tx, b, &m->dirs, m->keywords, err);
}

/* The index was taken away and another process built it anew while we renamed
 * files by the old one: names that came after its reading are ours, and older
 * than what is done now.  Found later they would count as another program's
 * change. */
static int
look_after_loss(
    struct tx *tx, struct mailbox *m, struct ix_box *b, struct err *err)
{
	if (m->replaced == m->a->replaced)
		return 0;
	m->replaced = m->a->replaced;
	return sync_scan(tx, m, b, err);
}

int
sync_begin(struct mailbox *m, size_t room, struct tx *tx, struct ix_box *b,
    struct err *err)
{
	enum found f;

	if (handle_enter_mailbox(m, err) == -1 ||
	    handle_begin(m->a, room, tx, err) == -1)
		return -1;
	/* Waiting for our turn, we may have met another index. */
	if (m->builds != m->a->builds && handle_enter_mailbox(m, err) == -1) {
		tx_abort(tx);
		return -1;
	}
	f = ix_get_box(tx->t, m->box, b, err);
	if (f == FOUND && kwtable_load(m->keywords, tx->t, b, err) == 0 &&
	    look_after_loss(tx, m, b, err) == 0)
		return 0;
	tx_abort(tx);
	return f == ABSENT ? gone(err) : -1;
}

static int
take_in(struct tx *tx, struct mailbox *m, struct ix_box *b, struct err *err)
{
	int rc;

	if (m->scan == NULL)
		m->scan = scan_new(b);
	rc = scan_step(m->scan, tx, b, &m->dirs, m->keywords, err);
	if (rc != 1)
		scan_free(&m->scan);
	if (rc == -1)
		return -1;
	return kwtable_save(tx, b, &m->dirs, m->keywords, err);
}

/* What was seen when M was entered is asked first, if that was in this turn: it
 * may be older than what we did since. */
static bool
is_due(struct mailbox *m, const struct ix_box *b, bool thorough)
{
	const uint64_t turn = ev_turn();

	if (turn != 0 && m->times_turn == turn &&
	    !scan_due(b, &m->times, thorough))
		return false;
	handle_look(m);
	return scan_due(b, &m->times, thorough);
}

int
mailbox_sync_some(struct mailbox *m, bool thorough, bool *more, struct err *err)
{
	struct ix_box b;
	struct tx tx;

	*more = m->building = false;
	if (sync_read_box(m, &b, err) == -1)
		return -1;
	if (m->scan == NULL && !is_due(m, &b, thorough))
		return 0;
	if (sync_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	if (take_in(&tx, m, &b, err) == -1 || ix_put_box(tx.t, &b, err) == -1) {
		tx_abort(&tx);
		scan_free(&m->scan);
		return -1;
	}
	*more = (b.bits & BOX_MORE) != 0;
	m->building = (b.bits & BOX_BUILD) != 0;
	if (tx_commit(&tx, err) == 0)
		return 0;
	scan_free(&m->scan);
	return -1;
}

bool
mailbox_is_building(const struct mailbox *m)
{
	return m->building;
}

int
mailbox_sync(struct mailbox *m, bool thorough, struct err *err)
{
	bool more;

	do {
		if (mailbox_sync_some(m, thorough, &more, err) == -1)
			return -1;
		thorough = false;
	} while (more);
	return 0;
}
