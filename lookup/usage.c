/* SPDX-License-Identifier: ISC */
#include "lookup/usage.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "conf/quota.h"
#include "ipc/msg.h"

struct usage {
	TAILQ_ENTRY(usage) link; /* oldest word first */
	char *key;
	struct quota used;
	int64_t at_ms;
};

static struct map accounts;
static TAILQ_HEAD(, usage) order = TAILQ_HEAD_INITIALIZER(order);

static void
drop(struct usage *u)
{
	map_del(&accounts, slice_str(u->key));
	TAILQ_REMOVE(&order, u, link);
	free(u->key);
	free(u);
}

static void
expire(int64_t now_ms)
{
	struct usage *u;

	while ((u = TAILQ_FIRST(&order)) != NULL &&
	       now_ms - u->at_ms > USAGE_KNOWN_MS)
		drop(u);
}

/* Until the next call. */
static struct slice
key_of(uid_t uid, struct slice account)
{
	static struct buf key = { .max = MSG_MAX_BYTES + 32 };

	buf_reset(&key);
	buf_addf(&key, "%u ", (unsigned)uid);
	buf_add(&key, account);
	return buf_slice(&key);
}

void
lookup_usage_set(
    uid_t uid, struct slice account, const struct quota *used, int64_t now_ms)
{
	const struct slice key = key_of(uid, account);
	struct usage *u;

	expire(now_ms);
	u = map_find(&accounts, key);
	if (u != NULL)
		drop(u);
	else if (accounts.count >= USAGE_ACCOUNTS_MAX)
		drop(TAILQ_FIRST(&order));
	u = xcalloc(1, sizeof *u);
	u->key = xslicedup(key);
	u->used = *used;
	u->at_ms = now_ms;
	map_put(&accounts, key, u);
	TAILQ_INSERT_TAIL(&order, u, link);
}

uint64_t
lookup_usage_room(
    uid_t uid, struct slice account, const struct quota *quota, int64_t now_ms)
{
	const struct usage *u;

	expire(now_ms);
	u = quota_is_limited(quota) ? map_find(&accounts, key_of(uid, account))
				    : NULL;
	if (u == NULL)
		return UINT64_MAX;
	if (quota->messages > 0 && u->used.messages >= quota->messages)
		return 0;
	if (quota->bytes == 0)
		return UINT64_MAX;
	return u->used.bytes < quota->bytes ? quota->bytes - u->used.bytes : 0;
}

void
lookup_usage_clear(void)
{
	while (!TAILQ_EMPTY(&order))
		drop(TAILQ_FIRST(&order));
	map_fini(&accounts);
}
