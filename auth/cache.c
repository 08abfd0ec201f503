/* SPDX-License-Identifier: ISC */
#include "auth/cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "sasl/secret.h"
#include "tls/digest.h"

enum { KEY_SIZE = 32 };

struct seen {
	TAILQ_ENTRY(seen) link; /* oldest first */
	int64_t at_ms;
	uint8_t mac[KEY_SIZE];
};

struct auth_cache {
	size_t max;
	uint8_t key[KEY_SIZE];
	struct map by_mac;
	TAILQ_HEAD(, seen) order;
};

struct auth_cache *
auth_cache_new(size_t max)
{
	struct auth_cache *c = xcalloc(1, sizeof *c);

	c->max = max;
	map_init(&c->by_mac);
	TAILQ_INIT(&c->order);
	digest_random(c->key, sizeof c->key);
	return c;
}

static void
drop(struct auth_cache *c, struct seen *s)
{
	map_del(&c->by_mac, slice_of(s->mac, sizeof s->mac));
	TAILQ_REMOVE(&c->order, s, link);
	explicit_bzero(s, sizeof *s);
	free(s);
}

void
auth_cache_free(struct auth_cache **c)
{
	if (*c == NULL)
		return;
	while (!TAILQ_EMPTY(&(*c)->order))
		drop(*c, TAILQ_FIRST(&(*c)->order));
	map_fini(&(*c)->by_mac);
	explicit_bzero((*c)->key, sizeof(*c)->key);
	xfree(c);
}

/* Each part with its length before it, so that no two keys run together. */
static void
mac_of(const struct auth_cache *c, const struct auth_cache_key *key,
    uint8_t mac[DIGEST_MAX])
{
	const struct slice parts[] = { key->account, key->stored, key->secret };
	struct buf all;

	secret_init(&all, key->account.n + key->stored.n + key->secret.n +
			      3 * sizeof(size_t));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		buf_add(&all, slice_of(&parts[i].n, sizeof parts[i].n));
		buf_add(&all, parts[i]);
	}
	(void)digest_hmac(DIGEST_SHA256, slice_of(c->key, sizeof c->key),
	    buf_slice(&all), mac);
	secret_fini(&all);
}

bool
auth_cache_hit(struct auth_cache *c, const struct auth_cache_key *key,
    int64_t now_ms, int64_t max_age_ms)
{
	uint8_t mac[DIGEST_MAX];
	struct seen *s;

	if (max_age_ms <= 0)
		return false;
	while ((s = TAILQ_FIRST(&c->order)) != NULL &&
	       now_ms - s->at_ms > max_age_ms)
		drop(c, s);
	mac_of(c, key, mac);
	return map_find(&c->by_mac, slice_of(mac, KEY_SIZE)) != NULL;
}

void
auth_cache_put(
    struct auth_cache *c, const struct auth_cache_key *key, int64_t now_ms)
{
	uint8_t mac[DIGEST_MAX];
	struct seen *s;

	mac_of(c, key, mac);
	s = map_find(&c->by_mac, slice_of(mac, KEY_SIZE));
	if (s != NULL)
		drop(c, s);
	else if (c->by_mac.count >= c->max)
		drop(c, TAILQ_FIRST(&c->order));
	s = xcalloc(1, sizeof *s);
	s->at_ms = now_ms;
	memcpy(s->mac, mac, KEY_SIZE);
	map_put(&c->by_mac, slice_of(s->mac, KEY_SIZE), s);
	TAILQ_INSERT_TAIL(&c->order, s, link);
}
