/* SPDX-License-Identifier: ISC */
/* Messages get their UIDs, names and records: step 2 of append.c. */
#include "store/append_inner.h"

#include <bsd/string.h>

#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_uid.h"
#include "maildir/keywords.h"
#include "maildir/maildir.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/quota.h"

static int
record(struct tx *tx, struct append *a, struct ix_box *b, struct err *err)
{
	if (tx_add(tx, b, a->uid, &a->hot, &a->msg, &a->keywords, err) == -1)
		return -1;
	if (a->cache.n > 0 && ix_put_cache(tx->t, b->box, a->uid,
				  buf_slice(&a->cache), err) == -1)
		return -1;
	return ix_put_box(tx->t, b, err);
}

/* Those before the one that it brings are skipped. */
static int
give_uid(struct append *a, struct tx *tx, struct ix_box *b, struct err *err)
{
	if (a->info.uid < b->uidnext || a->info.uid >= APPEND_UID_LIMIT)
		return tx_uid(tx, b, a->m->dirs.fd, &a->uid, err);
	b->uidnext = a->info.uid;
	return tx_uid_own(b, a->m->dirs.fd, &a->uid, err);
}

static int
take_quota(struct tx *tx, const struct append *a, const struct ix_box *b,
    struct err *err)
{
	const uint64_t bytes = (uint64_t)a->msg.vsize;

	return a->info.frees > 0 ? quota_swap(tx, b, a->info.frees, bytes, err)
				 : quota_take(tx, NULL, b, bytes, err);
}

int
append_place_one(struct tx *tx, struct append *a, bool past, struct err *err)
{
	int64_t before_ns;
	struct ix_box b;
	enum found f;

	if (!a->finished)
		return err_set(err, ERR_TEMP, "not finished");
	if (handle_enter_mailbox(a->m, err) == -1)
		return -1;
	f = ix_get_box(tx->t, a->m->box, &b, err);
	if (f == ABSENT)
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	if (f != FOUND || kwtable_load(a->m->keywords, tx->t, &b, err) == -1 ||
	    kwtable_resolve(tx, &b, &a->m->dirs, a->m->keywords,
		buf_slice(&a->names), true, &a->keywords, err) == -1 ||
	    (!past && take_quota(tx, a, &b, err) == -1) ||
	    give_uid(a, tx, &b, err) == -1)
		return -1;
	before_ns = maildir_time(&a->m->dirs, append_part(a));
	append_name(a);
	/* What letters cannot say, before the file gets its name. */
	if (kwlog_add_one(&a->log, a->m->dirs.fd, a->msg.file, a->m->keywords,
		&a->keywords, err) == -1)
		return -1;
	if (maildir_place(
		&a->m->dirs, a->tmp, append_part(a), a->msg.file, err) == -1)
		return -1;
	a->placed = true;
	tx_time_end(before_ns, append_part(a), &a->m->dirs, &b);
	a->uidvalidity = b.uidvalidity;
	return record(tx, a, &b, err);
}

void
append_place_undo(struct append *a)
{
	(void)maildir_remove(&a->m->dirs, append_part(a), a->msg.file, NULL);
}

static void
fail(struct append *a, const struct err *err)
{
	a->rc = -1;
	a->err = *err;
	if (a->placed)
		append_place_undo(a);
}

/* The transaction came to nothing: what was read in it of a table of keywords
 * is not what the next one with its number will hold. */
static void
give_up(struct append *a, const struct err *err)
{
	a->m->keywords->modseq = 0;
	if (a->rc == 0)
		fail(a, err);
}

static int
begin(struct append *first, struct tx *tx, struct err *err)
{
	size_t bytes = TX_ROOM;

	for (const struct append *a = first; a != NULL; a = a->next_of_account)
		bytes += TX_ROOM_MSG + 2 * a->cache.n;
	if (handle_begin(first->m->a, bytes, tx, err) == -1)
		return -1;
	if (quota_begin(tx, err) == 0)
		return 0;
	tx_abort(tx);
	return -1;
}

/* Everything that the account of FIRST gets in the batch, in one transaction;
 * nothing before FIRST is for it. */
static void
place_account(struct append *first)
{
	struct append_batch *b = first->batch;
	struct err err = { 0 };
	struct append *a;
	struct tx tx;
	bool ok;

	ok = begin(first, &tx, &err) == 0;
	for (a = first; a != NULL; a = a->next_of_account) {
		a->rc = ok ? append_place_one(&tx, a, false, &err) : -1;
		if (a->rc == -1)
			fail(a, &err);
		/* A record that could not be written leaves the transaction
		 * in doubt. */
		if (a->rc == -1 && ok && (b->atomic || a->placed)) {
			tx_abort(&tx);
			ok = false;
		}
	}
	if (ok && tx_commit(&tx, &err) == 0)
		return;
	for (a = first; a != NULL; a = a->next_of_account)
		give_up(a, &err);
}

void
append_place_all(struct append_batch *b)
{
	struct append *a;

	TAILQ_FOREACH(a, &b->appends, link)
	{
		struct append *before = a->m->a->last_append;

		a->follows = before != NULL;
		a->next_of_account = NULL;
		if (before != NULL)
			before->next_of_account = a;
		a->m->a->last_append = a;
	}
	TAILQ_FOREACH(a, &b->appends, link)
	a->m->a->last_append = NULL;
	TAILQ_FOREACH(a, &b->appends, link)
	if (!a->follows)
		place_account(a);
}
