/* SPDX-License-Identifier: ISC */
/*
 * Sorting in steps: entries by the bytes of their key, then by number.  A merge
 * sort, stable by the number, which takes as long for what is hostile as for
 * anything else.  32 bytes for each entry, twice while it is sorted, and what
 * keys have beyond their first 8 bytes.
 */
#ifndef MAILSEARCH_ORDER_H
#define MAILSEARCH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct order_entry {
	uint64_t head;    /* the first 8 bytes of the key */
	const char *rest; /* what follows them */
	uint32_t nrest;
	uint32_t number; /* unique: the order of equal keys */
	uint32_t item;   /* what is sorted */
};

struct order {
	struct order_entry *v;
	size_t n, cap;
	struct arena arena; /* keys */
	size_t live_bytes;  /* of keys that are in use */
	size_t limit_bytes; /* then keys are cut */

	/* while it is sorted */
	struct order_entry *to;
	size_t width; /* of the runs that are in order; 0: not begun */
	size_t lo, i, j, k;
};

/* Beyond LIMIT bytes of keys only their first 8 bytes count. */
void order_init(struct order *o, size_t limit_bytes);
void order_fini(struct order *o);
/* N entries are expected: memory that grows with them leaves holes. */
void order_reserve(struct order *o, size_t n);
void order_add(
    struct order *o, uint32_t number, uint32_t item, struct slice key);
/* The same for a key of one number. */
void order_add_number(
    struct order *o, uint32_t number, uint32_t item, int64_t key);
/* Into what is sorted; gives the index. */
size_t order_insert(
    struct order *o, uint32_t number, uint32_t item, struct slice key);
/* Take the entry at I out. */
void order_remove(struct order *o, size_t i);
/* Forget all; keeps the memory. */
void order_reset(struct order *o);
/* A step of sorting; true: there is more to do. */
bool order_step(struct order *o);

#endif
