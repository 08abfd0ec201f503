/* SPDX-License-Identifier: ISC */
/*
 * A min-heap of nodes embedded in what they order.  A node knows its place,
 * so removing or moving one costs O(log n).  pos 0 means: in no heap.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t key;
	size_t pos; /* 1-based; 0 when in no heap */
};

struct heap {
	struct heap_node **nodes;
	size_t n;
	size_t cap;
};

void heap_init(struct heap *h);
/* Frees the heap's memory; the nodes belong to others. */
void heap_fini(struct heap *h);
/* Put NODE at KEY; a node already in H is moved. */
void heap_put(struct heap *h, struct heap_node *node, int64_t key);
/* Take NODE out; nothing happens when it is in no heap. */
void heap_del(struct heap *h, struct heap_node *node);
/* The node with the smallest key, or NULL. */
struct heap_node *heap_first(const struct heap *h);

#endif
