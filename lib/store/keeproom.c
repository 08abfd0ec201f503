/* SPDX-License-Identifier: ISC */
#include "store/keeproom.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "index/tx.h"
#include "log/log.h"
#include "maildir/keptdir.h"
#include "store/expire.h"
#include "store/inner.h"
#include "store/whole.h"

/* Nothing is kept while less than a twentieth of the disk is free, and less
 * than this. */
static const uint64_t FREE_MIN = UINT64_C(10) << 30;

void
keeproom_lacks(struct account *a, const char *why)
{
	if (!a->told_unkept)
		log_warn("store.expunge-not-kept", kv_s("home", a->name),
		    kv_s("why", why));
	a->told_unkept = true;
}

/* Mail that its owner does not want makes no disk full. */
static bool
disk_has_room(const struct account *a)
{
	struct statvfs v;

	if (fstatvfs(a->ix.fd, &v) == -1 ||
	    v.f_bavail >= v.f_blocks / 20 + (v.f_blocks == 0))
		return true;
	return (uint64_t)v.f_bavail * v.f_frsize >= FREE_MIN;
}

int
keeproom_find(struct tx *tx, struct account *a, int64_t now_s,
    struct keepsum *sum, uint64_t *room_bytes, struct err *err)
{
	struct keepsum all, one;
	uint32_t first;
	enum found f;

	*room_bytes = 0;
	if (a->store->retention_s <= 0)
		return 0;
	if (keepsum_total(tx->t, &all, err) == -1 ||
	    keepsum_get(tx->t, keepsum_day(now_s), sum, err) == TEMPFAIL)
		return -1;
	f = keepsum_next(tx->t, 0, &first, &one, err);
	if (f == TEMPFAIL)
		return -1;
	/* The store removes it. */
	if (f == FOUND && expire_is_over(a, (int64_t)first * KEPT_DAY_S, &all))
		tx->pended = true;
	if (!disk_has_room(a))
		keeproom_lacks(a, "the disk is nearly full");
	else if (sum->bytes < expire_bound(a))
		*room_bytes = expire_bound(a) - sum->bytes;
	else
		keeproom_lacks(a, "as much is kept as may be");
	return 0;
}

int
keeproom_failed(struct account *a, const struct err *why, struct err *err)
{
	/* A full disk, or the owner of the account has put something else
	 * there. */
	if (why->code == ERR_NO_SPACE || errno == ENOTDIR || errno == ELOOP ||
	    errno == EACCES) {
		keeproom_lacks(a, why->text);
		return 0;
	}
	if (err != NULL)
		*err = *why;
	return -1;
}
