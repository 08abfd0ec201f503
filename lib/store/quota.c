/* SPDX-License-Identifier: ISC */
#include "store/quota.h"

#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "store/account.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/quota_due.h"
#include "store/quota_policy.h"
#include "store/sync.h"
#include "store/usage.h"
#include "sys/kv.h"

enum { PERCENT_MAX = 999 };

void
account_set_owner(
    struct account *a, struct slice address, const struct quota *quota)
{
	a->max_bytes = quota->bytes;
	a->max_messages = quota->messages;
	if (a->owner != NULL && slice_is(address, a->owner))
		return;
	xfree(&a->owner);
	a->owner = xslicedup(address);
}

static const struct quota_policy *
policy_of(const struct account *a)
{
	return quota_policy_of(a->store);
}

static struct quota
max_of(const struct account *a)
{
	return (struct quota){ a->max_bytes, a->max_messages };
}

static bool
is_limited(const struct account *a)
{
	return a->max_bytes > 0 || a->max_messages > 0;
}

/* Do B's messages count? */
static bool
counts(const struct account *a, const struct ix_box *b)
{
	const struct quota_rule *rule = quota_policy_rule(policy_of(a), b);

	return rule == NULL || !rule->ignore;
}

/* What counts of META's sums. */
static int
used_of(const struct account *a, struct kv_txn *t, const struct ix_meta *meta,
    struct quota *used, struct err *err)
{
	enum found f = FOUND;
	uint32_t from = 0;
	struct ix_box b;

	*used = (struct quota){ meta->bytes, meta->messages };
	if (!quota_policy_ignores(policy_of(a)))
		return 0;
	while ((f = ix_next_box(t, from, &b, err)) == FOUND) {
		from = b.box + 1;
		if (counts(a, &b))
			continue;
		used->bytes -= b.bytes;
		used->messages -= b.messages;
	}
	return f == ABSENT ? 0 : -1;
}

static uint64_t
part_of(uint64_t whole, unsigned percent)
{
	return whole / 100 * percent + whole % 100 * percent / 100;
}

/* What all mailboxes may hold for one more message to come into B. */
static struct quota
limit_of(const struct account *a, const struct ix_box *b)
{
	const struct quota_rule *rule = quota_policy_rule(policy_of(a), b);
	struct quota q = max_of(a);

	if (rule == NULL)
		return q;
	if (q.bytes > 0)
		q.bytes +=
		    rule->extra_bytes + part_of(q.bytes, rule->extra_percent);
	q.messages += part_of(q.messages, rule->extra_percent);
	return q;
}

/* Beside what is USED, into B. */
static int
check(const struct account *a, const struct quota *used, const struct ix_box *b,
    uint64_t bytes, uint64_t n, struct err *err)
{
	const struct quota max = limit_of(a, b);

	if (!counts(a, b))
		return 0;
	if ((max.bytes > 0 && used->bytes + bytes > max.bytes) ||
	    (max.messages > 0 && used->messages + n > max.messages))
		return err_set_code(
		    err, ERR_PERM, ERR_OVER_QUOTA, "mailbox full");
	return 0;
}

static unsigned
percent_of(uint64_t used, uint64_t max)
{
	if (max == 0)
		return 0;
	if (used > UINT64_MAX / 100 || used * 100 / max > PERCENT_MAX)
		return PERCENT_MAX;
	return (unsigned)(used * 100 / max);
}

unsigned
quota_percent(const struct account *a, const struct quota *used)
{
	const unsigned bytes = percent_of(used->bytes, a->max_bytes);
	const unsigned messages = percent_of(used->messages, a->max_messages);

	return bytes > messages ? bytes : messages;
}

/* ---- in a transaction ---- */

/* The first mailbox with messages that are still to be taken in. */
static bool
find_uncounted(struct kv_txn *t, struct ix_box *b)
{
	uint32_t from = 0;

	while (ix_next_box(t, from, b, NULL) == FOUND) {
		if ((b->bits & BOX_BUILD) != 0)
			return true;
		from = b->box + 1;
	}
	return false;
}

/* Of a new index it is not known what was told: nothing that was true before
 * is told again, as far as it is counted. */
static void
settle(struct tx *tx, const struct quota *used)
{
	const struct account *a = ACCOUNT_OF(tx->ix);
	const unsigned percent = quota_percent(a, used);
	struct ix_box b;

	if (tx->meta.warned != 0)
		quota_warned(tx, quota_policy_left(policy_of(a),
				     tx->meta.warned - 1U, percent));
	else if (!find_uncounted(tx->t, &b))
		quota_warned(tx, quota_policy_reached(policy_of(a), percent));
}

int
quota_begin(struct tx *tx, struct err *err)
{
	const struct account *a = ACCOUNT_OF(tx->ix);
	struct quota used;

	if (!is_limited(a))
		return 0;
	if (used_of(a, tx->t, &tx->meta, &used, err) == -1)
		return -1;
	settle(tx, &used);
	tx->used_bytes = used.bytes;
	tx->used_messages = used.messages;
	return 0;
}

int
quota_take(struct tx *tx, const struct ix_box *from, const struct ix_box *to,
    uint64_t bytes, struct err *err)
{
	const struct account *a = ACCOUNT_OF(tx->ix);
	const struct quota used = { tx->used_bytes, tx->used_messages };

	if (!is_limited(a) || !counts(a, to) ||
	    (from != NULL && counts(a, from)))
		return 0;
	if (check(a, &used, to, bytes, 1, err) == -1)
		return -1;
	tx->used_bytes += bytes;
	tx->used_messages++;
	return 0;
}

int
quota_swap(struct tx *tx, const struct ix_box *to, uint64_t freed,
    uint64_t bytes, struct err *err)
{
	const struct account *a = ACCOUNT_OF(tx->ix);
	const struct quota used = { tx->used_bytes, tx->used_messages };
	const uint64_t grows = bytes > freed ? bytes - freed : 0;
	const uint64_t shrinks = freed > bytes ? freed - bytes : 0;

	if (!is_limited(a) || !counts(a, to))
		return 0;
	if (grows > 0 && check(a, &used, to, grows, 0, err) == -1)
		return -1;
	tx->used_bytes += grows;
	tx->used_bytes -= shrinks < tx->used_bytes ? shrinks : tx->used_bytes;
	return 0;
}

/* ---- what the owner hears ---- */

static unsigned
due(const struct account *a, const struct ix_meta *meta,
    const struct quota *used, bool kept_out)
{
	const struct quota_policy *p = policy_of(a);
	const unsigned warned = meta->warned - 1U;
	const unsigned percent = quota_percent(a, used);
	const unsigned reached = quota_policy_reached(p, percent);

	if (!is_limited(a) || meta->warned == 0)
		return 0;
	if (kept_out && warned != QUOTA_FULL &&
	    quota_policy_is_full(p, percent))
		return QUOTA_FULL;
	return reached > warned ? reached : 0;
}

unsigned
quota_due(const struct tx *tx, bool kept_out)
{
	const struct quota used = { tx->used_bytes, tx->used_messages };

	return due(ACCOUNT_OF(tx->ix), &tx->meta, &used, kept_out);
}

void
quota_warned(struct tx *tx, unsigned warning)
{
	tx->meta.warned = (uint16_t)(warning + 1);
}

/* ---- for others ---- */

static int
read_meta(struct account *a, struct ix_meta *meta, struct quota *used,
    struct err *err)
{
	struct kv_txn *t;
	enum found f;
	int rc = 0;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, meta, err);
	if (f == FOUND && used != NULL)
		rc = used_of(a, t, meta, used, err);
	kv_abort(&t);
	return f == FOUND ? rc : err_set(err, ERR_TEMP, "index: not readable");
}

unsigned
quota_due_now(struct account *a, bool kept_out, struct quota *used)
{
	struct ix_meta meta;

	if (!is_limited(a) || policy_of(a) == NULL ||
	    read_meta(a, &meta, used, NULL) == -1)
		return 0;
	return due(a, &meta, used, kept_out);
}

int
mailbox_check_quota(
    struct mailbox *m, uint64_t bytes, uint64_t n, struct err *err)
{
	struct ix_meta meta;
	struct quota used;
	struct ix_box b;

	if (!is_limited(m->a))
		return 0;
	if (sync_read_box(m, &b, err) == -1 ||
	    read_meta(m->a, &meta, &used, err) == -1)
		return -1;
	return check(m->a, &used, &b, bytes, n, err);
}

int
mailbox_counts(struct mailbox *m, bool *yes, struct err *err)
{
	struct ix_box b;

	if (sync_read_box(m, &b, err) == -1)
		return -1;
	*yes = counts(m->a, &b);
	return 0;
}

int
account_count(struct account *a, bool *more, struct err *err)
{
	struct mailbox *m;
	struct kv_txn *t;
	struct ix_box b;
	enum found f;
	int rc;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	*more = find_uncounted(t, &b);
	kv_abort(&t);
	if (!*more)
		return 0;
	f = mailbox_open(a, slice_str(b.name), &m, err);
	if (f != FOUND) {
		*more = false; /* another program has removed it */
		return f == ABSENT ? 0 : -1;
	}
	rc = mailbox_sync_some(m, false, &(bool){ false }, err);
	mailbox_close(&m);
	return rc;
}

int
account_usage(struct account *a, struct account_usage *usage, struct err *err)
{
	struct ix_meta meta;

	usage->max = max_of(a);
	return read_meta(a, &meta, &usage->used, err);
}

int
account_modseq(struct account *a, uint64_t *modseq, struct err *err)
{
	struct ix_meta meta;

	if (read_meta(a, &meta, NULL, err) == -1)
		return -1;
	*modseq = meta.modseq;
	return 0;
}
