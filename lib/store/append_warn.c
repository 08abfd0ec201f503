/* SPDX-License-Identifier: ISC */
/*
 * The message to the owner that his account is nearly full.
 *
 * The index keeps which was the last one (ix_meta.warned), and a message and
 * what is noted of it are one transaction: it is neither made twice nor
 * forgotten by a process that ends, for what is due is found again by whatever
 * comes in next.  It goes into INBOX past the quota, which does not count it
 * out, and is on disk before what made it due is acknowledged.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/quota.h"
#include "base/slice.h"
#include "index/tx.h"
#include "log/log.h"
#include "log/metric.h"
#include "store/append_inner.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/quota.h"
#include "store/quota_due.h"
#include "store/quota_policy.h"
#include "store/warning.h"

enum { MESSAGE_MAX = 1 << 20 };

static struct metric warnings = { .name = "pabal_store_quota_warnings",
	.help = "Messages to owners of accounts that are nearly full." };

static int
write_it(struct append *a, unsigned warning, const struct quota *used,
    struct err *err)
{
	const struct append_info info = { .fresh = true };
	struct buf text = { .max = MESSAGE_MAX };
	int rc;

	warning_put(&text, a->m->a, warning, used);
	rc = append_write(a, buf_slice(&text), err);
	if (rc == 0)
		rc = append_finish(a, &info, err);
	buf_fini(&text);
	return rc;
}

/* 1: another process did it meanwhile, or it is not due any more. */
static int
place_it(struct append *a, unsigned warning, struct err *err)
{
	struct tx tx;
	int rc;

	if (handle_begin(a->m->a, TX_ROOM + TX_ROOM_MSG, &tx, err) == -1)
		return -1;
	rc = quota_begin(&tx, err);
	if (rc == 0 && quota_due(&tx, warning == QUOTA_FULL) != warning) {
		tx_abort(&tx);
		return 1;
	}
	if (rc == 0)
		rc = append_place_one(&tx, a, true, err);
	if (rc == -1) {
		tx_abort(&tx);
		return -1;
	}
	quota_warned(&tx, warning);
	rc = tx_commit(&tx, err);
	a->rc = rc;
	a->warning = warning;
	return rc;
}

static struct append *
begin_it(struct append_batch *b, struct account *acct, struct err *err)
{
	struct mailbox *m;
	struct append *a;

	if (mailbox_open(acct, SLICE("INBOX"), &m, err) != FOUND)
		return NULL;
	a = append_begin(b, m, err);
	if (a == NULL)
		mailbox_close(&m);
	else
		a->own = m;
	return a;
}

static void
tell(const struct account *acct, unsigned warning)
{
	metric_add(&warnings, 1);
	log_info("store.quota-warning", kv_s("home", acct->name),
	    warning == QUOTA_FULL ? kv_s("threshold", "full")
				  : kv_u("threshold", warning));
}

/* Nobody is refused anything for it: it is due still. */
static void
give_up(struct append *a)
{
	/* Its own place, or none: the batch's others go on. */
	if (a->placed)
		append_place_undo(a);
	append_discard(a);
}

void
append_warn(struct append_batch *b, struct account *acct, bool kept_out)
{
	struct err err = { 0 };
	struct quota used;
	struct append *a;
	unsigned warning;
	int rc = -1;

	if (acct->owner == NULL || acct->owner[0] == '\0')
		return;
	warning = quota_due_now(acct, kept_out, &used);
	if (warning == 0)
		return;
	a = begin_it(b, acct, &err);
	if (a != NULL)
		rc = write_it(a, warning, &used, &err);
	if (rc == 0)
		rc = place_it(a, warning, &err);
	if (rc == 0) {
		tell(acct, warning);
		return;
	}
	if (rc == -1)
		log_warn("store.quota-warning-failed", kv_s("home", acct->name),
		    kv_s("why", err.text));
	if (a != NULL)
		give_up(a);
}

/* Mail of the account of FIRST that did not come in: who appends is told by his
 * program. */
static bool
is_kept_out(const struct append *first)
{
	for (const struct append *a = first; a != NULL; a = a->next_of_account)
		if (a->rc == -1 && a->err.code == ERR_OVER_QUOTA &&
		    a->info.fresh)
			return true;
	return false;
}

void
append_warn_all(struct append_batch *b)
{
	struct append *a, *last = TAILQ_LAST(&b->appends, append_list);

	for (a = TAILQ_FIRST(&b->appends); a != NULL;
	     a = a != last ? TAILQ_NEXT(a, link) : NULL)
		if (!a->follows)
			append_warn(b, a->m->a, is_kept_out(a));
}
