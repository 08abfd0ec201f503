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
#include "store/quota_policy.h"
#include "store/sync.h"
#include "store/traits.h"
#include "sys/kv.h"

enum { PERCENT_MAX = 999 };

void
account_set_owner(
    struct account *a, struct slice address, const struct quota *quota)
{
	a->quota = *quota;
	if (a->owner != NULL && slice_is(address, a->owner))
		return;
	xfree(&a->owner);
	a->owner = xslicedup(address);
}

static const struct quota_policy *
policy_of(const struct account *a)
{
	return store_quota_policy(a->store);
}

bool
quota_counts(const struct account *a, const struct ix_box *b)
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
		if (quota_counts(a, &b))
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
	struct quota q = a->quota;

	if (rule == NULL)
		return q;
	if (q.bytes > 0)
		q.bytes += rule->extra_bytes +
			   part_of(q.bytes, rule->extra_percent);
	q.messages += part_of(q.messages, rule->extra_percent);
	return q;
}

/* Beside what is USED, into B. */
static int
check(const struct account *a, const struct quota *used, const struct ix_box *b,
    uint64_t bytes, uint64_t n, struct err *err)
{
	const struct quota max = limit_of(a, b);

	if (!quota_counts(a, b))
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
	const unsigned bytes = percent_of(used->bytes, a->quota.bytes);
	const unsigned messages = percent_of(used->messages, a->quota.messages);

	return bytes > messages ? bytes : messages;
}

/* ---- in a transaction ---- */

/* Are messages still to be taken in? */
static bool
is_building(struct kv_txn *t)
{
	uint32_t from = 0;
	struct ix_box b;

	while (ix_next_box(t, from, &b, NULL) == FOUND) {
		if ((b.bits & BOX_BUILD) != 0)
			return true;
		from = b.box + 1;
	}
	return false;
}

/* Of a new index it is not known what was told: nothing that was true before
 * is told again, as far as it is counted. */
static void
settle(const struct quota_room *r, struct tx *tx)
{
	const struct quota_policy *p = policy_of(r->a);
	const unsigned percent = quota_percent(r->a, &r->used);

	if (tx->meta.warned != 0)
		quota_warned(
		    tx, quota_policy_left(p, tx->meta.warned - 1U, percent));
	else if (!is_building(tx->t))
		quota_warned(tx, quota_policy_reached(p, percent));
}

int
quota_begin(struct quota_room *r, struct tx *tx, struct err *err)
{
	struct account *a = ACCOUNT_OF(tx->ix);

	*r = (struct quota_room){ .a = a };
	if (!quota_is_limited(&a->quota))
		return 0;
	if (used_of(a, tx->t, &tx->meta, &r->used, err) == -1)
		return -1;
	settle(r, tx);
	return 0;
}

int
quota_fits(const struct quota_room *r, const struct ix_box *b, uint64_t bytes,
    struct err *err)
{
	return check(r->a, &r->used, b, bytes, 1, err);
}

void
quota_count(struct quota_room *r, const struct ix_box *b, uint64_t bytes)
{
	if (!quota_counts(r->a, b))
		return;
	r->used.bytes += bytes;
	r->used.messages++;
}

unsigned
quota_due(const struct quota_room *r, const struct tx *tx, bool refused)
{
	const struct quota_policy *p = policy_of(r->a);
	const unsigned warned = tx->meta.warned - 1U;
	const unsigned percent = quota_percent(r->a, &r->used);
	const unsigned reached = quota_policy_reached(p, percent);

	if (!quota_is_limited(&r->a->quota) || tx->meta.warned == 0)
		return 0;
	if (refused && warned != QUOTA_FULL && quota_policy_is_full(p, percent))
		return QUOTA_FULL;
	return reached > warned ? reached : 0;
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

int
mailbox_check_quota(
    struct mailbox *m, uint64_t bytes, uint64_t n, struct err *err)
{
	struct ix_meta meta;
	struct quota used;
	struct ix_box b;

	if (!quota_is_limited(&m->a->quota))
		return 0;
	if (sync_read_box(m, &b, err) == -1 ||
	    read_meta(m->a, &meta, &used, err) == -1)
		return -1;
	return check(m->a, &used, &b, bytes, n, err);
}

int
mailbox_counts(struct mailbox *m, bool *counts, struct err *err)
{
	struct ix_box b;

	if (sync_read_box(m, &b, err) == -1)
		return -1;
	*counts = quota_counts(m->a, &b);
	return 0;
}

int
account_usage(struct account *a, struct account_usage *usage, struct err *err)
{
	struct ix_meta meta;

	usage->max = a->quota;
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
