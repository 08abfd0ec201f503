/* SPDX-License-Identifier: ISC */
#include "store/quota.h"

#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "store/account.h"
#include "store/handle.h"
#include "store/inner.h"
#include "sys/kv.h"

void
account_set_quota(struct account *a, uint64_t max_bytes, uint64_t max_messages)
{
	a->max_bytes = max_bytes;
	a->max_messages = max_messages;
}

/* Beside what META counts. */
static int
check(const struct account *a, const struct ix_meta *meta, uint64_t bytes,
    uint64_t n, struct err *err)
{
	if ((a->max_bytes > 0 && meta->bytes + bytes > a->max_bytes) ||
	    (a->max_messages > 0 && meta->messages + n > a->max_messages))
		return err_set_code(
		    err, ERR_PERM, ERR_OVER_QUOTA, "mailbox full");
	return 0;
}

int
quota_fits(const struct tx *tx, uint64_t bytes, struct err *err)
{
	return check(ACCOUNT_OF(tx->ix), &tx->meta, bytes, 1, err);
}

static int
read_meta(struct account *a, struct ix_meta *meta, struct err *err)
{
	struct kv_txn *t;
	enum found f;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, meta, err);
	kv_abort(&t);
	return f == FOUND ? 0 : err_set(err, ERR_TEMP, "index: not readable");
}

int
account_check_quota(
    struct account *a, uint64_t bytes, uint64_t n, struct err *err)
{
	struct ix_meta meta;

	if (a->max_bytes == 0 && a->max_messages == 0)
		return 0;
	if (read_meta(a, &meta, err) == -1)
		return -1;
	return check(a, &meta, bytes, n, err);
}

int
account_usage(struct account *a, struct account_usage *usage, struct err *err)
{
	struct ix_meta meta;

	if (read_meta(a, &meta, err) == -1)
		return -1;
	*usage = (struct account_usage){ meta.bytes, meta.messages,
		a->max_bytes, a->max_messages };
	return 0;
}

int
account_modseq(struct account *a, uint64_t *modseq, struct err *err)
{
	struct ix_meta meta;

	if (read_meta(a, &meta, err) == -1)
		return -1;
	*modseq = meta.modseq;
	return 0;
}
