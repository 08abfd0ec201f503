/* SPDX-License-Identifier: ISC */
#include "base/map.h"

#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

struct map_entry {
	struct map_entry *next;
	uint64_t hash;
	void *value;
	size_t n;
	char key[];
};

static uint64_t
rotl(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/* SipHash-1-3 (Aumasson and Bernstein). */
static uint64_t
siphash(struct slice s, uint64_t k0, uint64_t k1)
{
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU,
		k0 ^ 0x6c7967656e657261U, k1 ^ 0x7465646279746573U };
	uint64_t word;
	size_t i = 0;

	for (; s.n - i >= 8; i += 8) {
		memcpy(&word, s.p + i, 8);
		sip_word(v, word);
	}
	word = (uint64_t)s.n << 56;
	for (size_t k = 0; i + k < s.n; k++)
		word |= (uint64_t)(unsigned char)s.p[i + k] << (8 * k);
	sip_word(v, word);
	v[2] ^= 0xff;
	for (int k = 0; k < 3; k++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
map_hash(struct slice s)
{
	static uint64_t seed[2];

	if (seed[0] == 0) {
		arc4random_buf(seed, sizeof seed);
		seed[0] |= 1;
	}
	return siphash(s, seed[0], seed[1]);
}

uint64_t
map_hash_fixed(struct slice s)
{
	return siphash(s, 0x706162616cU, 0);
}

void
map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

void
map_fini(struct map *m)
{
	for (size_t i = 0; i < m->nslots; i++) {
		struct map_entry *e = m->slots[i];

		while (e != NULL) {
			struct map_entry *next = e->next;

			free(e);
			e = next;
		}
	}
	xfree(&m->slots);
	map_init(m);
}

/* Where the pointer to KEY's entry stands, or would stand. */
static struct map_entry **
place_of(const struct map *m, struct slice key, uint64_t hash)
{
	struct map_entry **at = &m->slots[hash & (m->nslots - 1)];

	while (
	    *at != NULL && ((*at)->hash != hash ||
			       !slice_eq(slice_of((*at)->key, (*at)->n), key)))
		at = &(*at)->next;
	return at;
}

static void
grow(struct map *m)
{
	const size_t n = m->nslots > 0 ? m->nslots * 2 : 16;
	struct map_entry **slots = xcalloc(n, sizeof *slots);

	for (size_t i = 0; i < m->nslots; i++) {
		struct map_entry *e = m->slots[i];

		while (e != NULL) {
			struct map_entry *next = e->next;

			e->next = slots[e->hash & (n - 1)];
			slots[e->hash & (n - 1)] = e;
			e = next;
		}
	}
	free(m->slots);
	m->slots = slots;
	m->nslots = n;
}

void *
map_find(const struct map *m, struct slice key)
{
	struct map_entry *e;

	if (m->nslots == 0)
		return NULL;
	e = *place_of(m, key, map_hash(key));
	return e != NULL ? e->value : NULL;
}

void *
map_put(struct map *m, struct slice key, void *value)
{
	const uint64_t hash = map_hash(key);
	struct map_entry **at, *e;

	must(value != NULL);
	if (m->count >= m->nslots)
		grow(m);
	at = place_of(m, key, hash);
	if (*at != NULL) {
		void *old = (*at)->value;

		(*at)->value = value;
		return old;
	}
	e = xmalloc(sizeof *e + key.n);
	*e = (struct map_entry){ .hash = hash, .value = value, .n = key.n };
	if (key.n > 0)
		memcpy(e->key, key.p, key.n);
	*at = e;
	m->count++;
	return NULL;
}

void *
map_del(struct map *m, struct slice key)
{
	struct map_entry **at, *e;
	void *value;

	if (m->nslots == 0)
		return NULL;
	at = place_of(m, key, map_hash(key));
	e = *at;
	if (e == NULL)
		return NULL;
	*at = e->next;
	value = e->value;
	free(e);
	m->count--;
	return value;
}

bool
map_next(const struct map *m, struct map_iter *it)
{
	while (it->next == NULL) {
		if (it->slot >= m->nslots)
			return false;
		it->next = m->slots[it->slot++];
	}
	it->key = slice_of(it->next->key, it->next->n);
	it->value = it->next->value;
	it->next = it->next->next;
	return true;
}
