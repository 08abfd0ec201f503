/* SPDX-License-Identifier: ISC */
/*
 * A hash table from bytes to a pointer.  Keys are copied; values are
 * borrowed.  The hash is seeded at random for each process, so that strangers
 * cannot choose colliding keys.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct map_entry;

struct map {
	struct map_entry **slots;
	size_t nslots; /* 0 or a power of two */
	size_t count;
};

void map_init(struct map *m);
/* Free the table, not the values. */
void map_fini(struct map *m);
/* The value at KEY, or NULL. */
void *map_find(const struct map *m, struct slice key);
/* Set KEY to VALUE (not NULL); gives the value that stood there before. */
void *map_put(struct map *m, struct slice key, void *value);
/* Remove KEY; gives its value, NULL when there was none. */
void *map_del(struct map *m, struct slice key);

/* Visit all entries, in no order; start with a zeroed iter.  The entry just
 * given may be deleted; nothing else may be changed on the way. */
struct map_iter {
	size_t slot;
	struct map_entry *next;
	struct slice key;
	void *value;
};
bool map_next(const struct map *m, struct map_iter *it);

/* 64 bits that depend on all of S and on a seed of this process. */
uint64_t map_hash(struct slice s);
/* The same without a seed: equal in every process (sharding). */
uint64_t map_hash_fixed(struct slice s);

#endif
