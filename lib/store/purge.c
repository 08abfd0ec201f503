/* SPDX-License-Identifier: ISC */
/*
 * What is left of a mailbox when it is gone.  Its record and its name go at
 * once, so that nobody finds it; the records of its messages are found by its
 * number, which is never given out again and stands under D until they are
 * removed, some at a time.
 */
#include "store/purge.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/mailboxes.h"
#include "maildir/tree.h"
#include "store/expire.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/retention.h"
#include "sys/kv.h"

enum { PURGE_RECORDS = 500, PURGE_FILES = 200 };

int
purge_box(struct tx *tx, const struct ix_box *box, struct err *err)
{
	struct ix_box b = *box;
	char key[IX_KEY];

	tx->meta.messages -= b.messages;
	tx->meta.bytes -= b.bytes;
	tx->pended = true; /* the store removes the rest */
	if (tx_log(tx, &b, 0, LOG_BOX, err) == -1 ||
	    kv_del(tx->t, ix_key(key, 'W', b.box, 0), err) == -1 ||
	    kv_put(tx->t, ix_key(key, 'D', b.box, 0), SLICE("1"), err) == -1)
		return -1;
	return ix_del_box(tx->t, &b, err);
}

/* A mailbox whose messages have records still. */
static enum found
find_gone(struct kv_txn *t, uint32_t *box, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	char key[IX_KEY];
	struct slice k, v;
	enum found f;

	if (c == NULL)
		return TEMPFAIL;
	f = kv_seek(c, ix_key(key, 'D', 0, 0), &k, &v, err);
	if (f == FOUND && !ix_key_box(k, 'D', box))
		f = ABSENT;
	kv_cursor_close(&c);
	return f;
}

bool
purge_due(struct account *a)
{
	struct kv_txn *t = kv_read(a->ix.env, NULL);
	uint32_t box;
	const bool records = t != NULL && find_gone(t, &box, NULL) == FOUND;

	kv_abort(&t);
	return records || expire_due(a);
}

/* The first message of BOX that has a record. */
static enum found
first_message(struct kv_txn *t, uint32_t box, uint32_t *uid, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	char key[IX_KEY];
	struct slice k, v;
	enum found f;

	if (c == NULL)
		return TEMPFAIL;
	f = kv_seek(c, ix_key(key, 'F', box, 0), &k, &v, err);
	if (f == FOUND && !ix_key_uid(k, 'F', box, uid))
		f = ABSENT;
	kv_cursor_close(&c);
	return f;
}

static int
purge(struct tx *tx, uint32_t box, struct err *err)
{
	char key[IX_KEY];
	struct ix_hot hot;
	uint32_t uid = 0;
	enum found f = FOUND;

	for (unsigned n = 0; n < PURGE_RECORDS; n++) {
		f = first_message(tx->t, box, &uid, err);
		if (f != FOUND)
			break;
		if (ix_get_hot(tx->t, box, uid, &hot, err) != FOUND ||
		    tx_forget(tx, box, uid, &hot, err) == -1)
			return -1;
	}
	if (f == ABSENT)
		return kv_del(tx->t, ix_key(key, 'D', box, 0), err);
	return f == FOUND ? 0 : -1;
}

/* 1: there was something to do, and there may be more. */
static int
purge_records(struct account *a, struct err *err)
{
	struct kv_txn *t = kv_read(a->ix.env, err);
	uint32_t box = 0;
	enum found f;
	struct tx tx;

	if (t == NULL)
		return -1;
	f = find_gone(t, &box, err);
	kv_abort(&t);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if (handle_begin(a, TX_ROOM, &tx, err) == -1)
		return -1;
	/* Another process may have been faster. */
	f = find_gone(tx.t, &box, err);
	if (f == TEMPFAIL || (f == FOUND && purge(&tx, box, err) == -1)) {
		tx_abort(&tx);
		return -1;
	}
	return tx_commit(&tx, err) == 0 ? 1 : -1;
}

void
purge_files(struct account *a, unsigned max)
{
	const int64_t before_ns = maildir_names_time(a->ix.fd);
	struct tx tx;

	a->deleted_left = tree_remove_some(a->ix.fd, "pabal.deleted.", max);
	if (maildir_names_time(a->ix.fd) == before_ns ||
	    handle_begin(a, 0, &tx, NULL) == -1)
		return;
	tx_names_end(&tx, before_ns);
	(void)tx_commit(&tx, NULL);
}

int
purge_some(struct account *a, bool *more, struct err *err)
{
	int rc;

	*more = false;
	if (handle_enter(a, err) == -1)
		return -1;
	rc = purge_records(a, err);
	if (rc == -1)
		return -1;
	if (rc == 0 && a->deleted_left)
		purge_files(a, PURGE_FILES);
	*more = rc == 1 || a->deleted_left;
	return *more ? 0 : account_expire(a, false, more, err);
}
