/* SPDX-License-Identifier: ISC */
/*
 * How often each of many names was seen, in memory that does not grow with how
 * many there are (Space-Saving, Metwally and others 2005): where there is no
 * room for a new name, it takes the place of the rarest, and its count.  So a
 * count is never too low, and each name that is more than one of MAX of all is
 * there.
 */
#ifndef CTL_SUMMARY_FREQUENT_H
#define CTL_SUMMARY_FREQUENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/map.h"
#include "base/slice.h"

struct frequent {
	struct map names;
	struct heap heap;
	size_t max;
};

struct frequent_name {
	struct heap_node node; /* its key: the count */
	int64_t over;          /* by so many at most the count is too high */
	size_t n;
	char text[];
};

void frequent_init(struct frequent *f, size_t max);
void frequent_fini(struct frequent *f);
/* NAME was seen once more; it is cut to 250 bytes. */
void frequent_add(struct frequent *f, struct slice name);
/* Only the N most frequent names stay, and there is room for N from now on. */
void frequent_trim(struct frequent *f, size_t n);
/* The first N names, most frequent first, into OUT; how many. */
size_t frequent_most(
    const struct frequent *f, const struct frequent_name **out, size_t n);

#endif
