/* SPDX-License-Identifier: ISC */
/* What was kept long enough goes, oldest first: a day at a time, when all of it
 * is old enough, some files in a call. */
#include "store/expire.h"

#include <stdint.h>

#include "base/slice.h"
#include "index/tx.h"
#include "maildir/filename.h"
#include "maildir/keptdir.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/keepsum.h"
#include "store/retention.h"
#include "store/whole.h"
#include "sys/clock.h"
#include "sys/kv.h"

/* At once.  A day of more files than are counted has more than its sum says:
 * then the bound on bytes takes hold later, and nothing goes too early. */
enum { EXPIRE_FILES = 200, COUNT_FILES = 5000 };

void
store_set_retention(struct store *store, int64_t seconds, uint64_t bytes)
{
	store->retention_s = seconds;
	store->retention_bytes = bytes;
}

uint64_t
expire_bound(const struct account *a)
{
	const uint64_t quota = a->max_bytes > 0 ? a->max_bytes : UINT64_MAX;
	const uint64_t most = a->store->retention_bytes > 0
				  ? a->store->retention_bytes
				  : UINT64_MAX;

	return quota < most ? quota : most;
}

int
account_retained(struct account *a, struct retained *r, struct err *err)
{
	struct keepsum sum;
	struct kv_txn *t;
	int rc;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	rc = keepsum_total(t, &sum, err);
	kv_abort(&t);
	*r = (struct retained){ sum.bytes, sum.messages };
	return rc;
}

/* What is to be done next. */
struct expiry {
	struct kv_txn *t;
	int64_t oldest_s;  /* INT64_MAX: none */
	int64_t counted_s; /* one that has no sum; -1: none */
};

static bool
on_day(void *arg, const char *day)
{
	struct expiry *e = arg;
	const int64_t day_s = keptdir_parse_day(day);
	struct keepsum sum;

	if (day_s < e->oldest_s)
		e->oldest_s = day_s;
	if (keepsum_get(e->t, keepsum_day(day_s), &sum, NULL) == ABSENT)
		e->counted_s = day_s;
	return true;
}

bool
expire_is_over(
    const struct account *a, int64_t day_s, const struct keepsum *all)
{
	const int64_t now_s = clock_wall_s();
	const int64_t keep_s = a->store->retention_s;

	if (keep_s <= 0)
		return keep_s == 0;
	if (day_s + KEPT_DAY_S + keep_s <= now_s)
		return true;
	return all->bytes > expire_bound(a) && day_s + KEPT_DAY_S <= now_s;
}

static int
look(struct account *a, struct expiry *e, struct keepsum *all, uint32_t *first,
    struct err *err)
{
	struct keepsum one;
	int rc = -1;

	*e = (struct expiry){ .oldest_s = INT64_MAX, .counted_s = -1 };
	*first = UINT32_MAX;
	if (handle_enter(a, err) == -1)
		return -1;
	e->t = kv_read(a->ix.env, err);
	if (e->t == NULL)
		return -1;
	if (keptdir_days(a->ix.fd, on_day, e, err) == 0 &&
	    keepsum_total(e->t, all, err) == 0 &&
	    keepsum_next(e->t, 0, first, &one, err) != TEMPFAIL)
		rc = 0;
	kv_abort(&e->t);
	return rc;
}

bool
expire_due(struct account *a)
{
	struct keepsum all;
	struct expiry e;
	uint32_t first;

	return look(a, &e, &all, &first, NULL) == 0 &&
	       (e.counted_s != -1 || (e.oldest_s != INT64_MAX &&
					 expire_is_over(a, e.oldest_s, &all)));
}

static bool
on_file(void *arg, const struct kept_file *file)
{
	struct keepsum *sum = arg;
	struct filename f;

	filename_parse(slice_str(file->name), &f);
	sum->messages++;
	sum->bytes += f.size > 0 ? (uint64_t)f.size : 0;
	return sum->messages < COUNT_FILES;
}

/* The sum of a day (none: it is gone) into the index. */
static int
set_sum(
    struct account *a, uint32_t day, const struct keepsum *sum, struct err *err)
{
	struct tx tx;
	int rc;

	if (handle_begin(a, 0, &tx, err) == -1)
		return -1;
	rc = sum != NULL ? keepsum_put(tx.t, day, sum, err)
			 : keepsum_del(tx.t, day, err);
	if (rc == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

static int
count_day(struct account *a, int64_t day_s, struct err *err)
{
	char day[KEPT_DAY_SIZE];
	struct keepsum sum = { 0 };

	keptdir_day(day, day_s);
	if (keptdir_files(a->ix.fd, day, on_file, &sum, err) == -1)
		return -1;
	return set_sum(a, keepsum_day(day_s), &sum, err);
}

int
account_expire(struct account *a, bool all, bool *more, struct err *err)
{
	char day[KEPT_DAY_SIZE];
	struct keepsum sum;
	struct expiry e;
	uint32_t first;

	*more = false;
	if (look(a, &e, &sum, &first, err) == -1)
		return -1;
	if (first != UINT32_MAX &&
	    (e.oldest_s == INT64_MAX || first < keepsum_day(e.oldest_s))) {
		*more = true;
		return set_sum(a, first, NULL, err);
	}
	if (e.oldest_s != INT64_MAX &&
	    (all || expire_is_over(a, e.oldest_s, &sum))) {
		keptdir_day(day, e.oldest_s);
		/* What cannot be removed is tried again another time. */
		*more = keptdir_remove_some(a->ix.fd, day, EXPIRE_FILES);
		return 0;
	}
	if (e.counted_s == -1)
		return 0;
	*more = true;
	return count_day(a, e.counted_s, err);
}
