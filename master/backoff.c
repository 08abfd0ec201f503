/* SPDX-License-Identifier: ISC */
#include "master/backoff.h"

#include <bsd/sys/queue.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct kept {
	TAILQ_ENTRY(kept) link;
	struct backoff backoff;
	size_t n;
	char key[];
};

static TAILQ_HEAD(kept_list, kept) all = TAILQ_HEAD_INITIALIZER(all);
static struct map by_key;
static unsigned count;

static void
forget(struct kept *k)
{
	map_del(&by_key, slice_of(k->key, k->n));
	TAILQ_REMOVE(&all, k, link);
	count--;
	free(k);
}

void
backoff_ended(
    struct backoff *b, int64_t first_ms, int64_t max_ms, int64_t now_ms)
{
	const int64_t doubled_ms = b->delay_ms * 2;

	b->until_ms = now_ms + b->delay_ms;
	if (b->delay_ms == 0 || max_ms < first_ms)
		b->delay_ms = first_ms;
	else
		b->delay_ms = doubled_ms < max_ms ? doubled_ms : max_ms;
}

void
backoff_keep(struct slice key, const struct backoff *b, int64_t now_ms)
{
	struct kept *k = map_find(&by_key, key);

	if (k != NULL)
		forget(k);
	if (b->delay_ms == 0)
		return;
	while ((k = TAILQ_FIRST(&all)) != NULL &&
	       (count >= BACKOFF_MAX ||
		   now_ms >= k->backoff.until_ms + BACKOFF_FORGET_MS))
		forget(k);
	k = xcalloc(1, sizeof *k + key.n);
	k->backoff = *b;
	k->n = key.n;
	memcpy(k->key, key.p, key.n);
	TAILQ_INSERT_TAIL(&all, k, link);
	map_put(&by_key, slice_of(k->key, k->n), k);
	count++;
}

struct backoff
backoff_take(struct slice key, int64_t now_ms)
{
	struct kept *k = map_find(&by_key, key);
	struct backoff b = { 0, 0 };

	if (k == NULL)
		return b;
	if (now_ms < k->backoff.until_ms + BACKOFF_FORGET_MS)
		b = k->backoff;
	forget(k);
	return b;
}
