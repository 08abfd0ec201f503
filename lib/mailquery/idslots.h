/* SPDX-License-Identifier: ISC */
/*
 * A hash table of numbers (not 0) that have a 64-bit key somewhere else: 8 to
 * 16 bytes for each.  Where keys lie is chosen at random for each process, so
 * that strangers cannot choose colliding ones.
 */
#ifndef MAILQUERY_IDSLOTS_H
#define MAILQUERY_IDSLOTS_H

#include <stddef.h>
#include <stdint.h>

struct idslots {
	uint64_t (*key)(const void *owner, uint32_t item);
	const void *owner;
	uint32_t *v;
	size_t n; /* 0 or a power of two */
	size_t used;
	uint64_t secret[2];
};

/* KEY tells that of an item, which does not change while it is in S. */
void idslots_init(struct idslots *s, const void *owner,
    uint64_t (*key)(const void *owner, uint32_t item));
void idslots_fini(struct idslots *s);
/* The item with KEY; 0: there is none. */
uint32_t idslots_find(const struct idslots *s, uint64_t key);
/* ITEM takes the place of the one with its key, if there is one. */
void idslots_put(struct idslots *s, uint32_t item);
/* The item with KEY, if it is there, goes. */
void idslots_del(struct idslots *s, uint64_t key);
void idslots_reset(struct idslots *s);

#endif
