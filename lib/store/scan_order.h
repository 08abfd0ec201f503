/* SPDX-License-Identifier: ISC */
/* Files on their way into the index, given in an order that is kept as they
 * come: no step of a scan sorts them all. */
#ifndef STORE_SCAN_ORDER_H
#define STORE_SCAN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listing_entry;

/* Most are told apart by a number, which is kept beside them. */
struct scan_order_by {
	uint32_t (*key)(const struct listing_entry *e);
	/* Where the keys are the same. */
	bool (*before)(
	    const struct listing_entry *a, const struct listing_entry *b);
};

/* By the UID in the name, then by name. */
extern const struct scan_order_by scan_order_by_uid;
/* As UIDs are given: who wants one by that, then by time and name. */
extern const struct scan_order_by scan_order_by_want;

/* Zeroed but for by; the entries belong to others. */
struct scan_order {
	const struct scan_order_by *by;
	struct scan_order_place {
		struct listing_entry *e;
		uint32_t key;
	} * v; /* a heap: the first is first */
	size_t n;
	size_t cap;
};

void scan_order_put(struct scan_order *o, struct listing_entry *e);
/* NULL: none is left. */
struct listing_entry *scan_order_first(const struct scan_order *o);
struct listing_entry *scan_order_take(struct scan_order *o);
void scan_order_fini(struct scan_order *o);

#endif
