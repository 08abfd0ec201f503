/* SPDX-License-Identifier: ISC */
/* What message_cache was given and is not in the index yet. */
#ifndef STORE_CACHEQUEUE_H
#define STORE_CACHEQUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"

struct cached {
	STAILQ_ENTRY(cached) link;
	char type; /* of the index's record: 'C' or 'P'; 'O': of COLUMN */
	unsigned column;
	uint32_t uid;
	int64_t vsize, sent_s;
	size_t n;
	char bytes[];
};

struct cache_queue {
	STAILQ_HEAD(, cached) list;
	size_t n;
	size_t bytes;
	uint32_t last; /* UID, the highest */
};

/* Gives what was added, to be completed. */
struct cached *cachequeue_add(
    struct cache_queue *q, char type, uint32_t uid, struct slice bytes);
const struct cached *cachequeue_find(
    const struct cache_queue *q, char type, uint32_t uid);
void cachequeue_drop(struct cache_queue *q);

#endif
