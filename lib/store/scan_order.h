/* SPDX-License-Identifier: ISC */
/* Files on their way into the index, given in an order that is kept as they
 * come: no step of a scan sorts them all. */
#ifndef STORE_SCAN_ORDER_H
#define STORE_SCAN_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct listing_entry;

/* Zeroed but for before; the entries belong to others. */
struct scan_order {
	bool (*before)(
	    const struct listing_entry *a, const struct listing_entry *b);
	struct listing_entry **v; /* a heap: the first is first */
	size_t n;
	size_t cap;
};

/* By the UID in the name, then by name. */
bool scan_order_by_uid(
    const struct listing_entry *a, const struct listing_entry *b);
/* As UIDs are given: who wants one by that, then by time and name. */
bool scan_order_by_want(
    const struct listing_entry *a, const struct listing_entry *b);

void scan_order_put(struct scan_order *o, struct listing_entry *e);
/* NULL: none is left. */
struct listing_entry *scan_order_first(const struct scan_order *o);
struct listing_entry *scan_order_take(struct scan_order *o);
void scan_order_fini(struct scan_order *o);

#endif
