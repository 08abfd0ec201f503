/* SPDX-License-Identifier: ISC */
#include "base/heap.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"

void
heap_init(struct heap *h)
{
	*h = (struct heap){ 0 };
}

void
heap_fini(struct heap *h)
{
	xfree(&h->nodes);
	heap_init(h);
}

static void
set_at(struct heap *h, size_t pos, struct heap_node *node)
{
	h->nodes[pos - 1] = node;
	node->pos = pos;
}

static void
move_up(struct heap *h, struct heap_node *node)
{
	size_t pos = node->pos;

	while (pos > 1 && h->nodes[pos / 2 - 1]->key > node->key) {
		set_at(h, pos, h->nodes[pos / 2 - 1]);
		pos /= 2;
	}
	set_at(h, pos, node);
}

static void
move_down(struct heap *h, struct heap_node *node)
{
	size_t pos = node->pos;

	while (pos * 2 <= h->n) {
		size_t kid = pos * 2;

		if (kid < h->n && h->nodes[kid]->key < h->nodes[kid - 1]->key)
			kid++;
		if (h->nodes[kid - 1]->key >= node->key)
			break;
		set_at(h, pos, h->nodes[kid - 1]);
		pos = kid;
	}
	set_at(h, pos, node);
}

void
heap_put(struct heap *h, struct heap_node *node, int64_t key)
{
	if (node->pos == 0) {
		if (h->n == h->cap) {
			h->cap = h->cap > 0 ? h->cap * 2 : 16;
			h->nodes =
			    xreallocarray(h->nodes, h->cap, sizeof *h->nodes);
		}
		h->n++;
		set_at(h, h->n, node);
	}
	must(node->pos <= h->n && h->nodes[node->pos - 1] == node);
	node->key = key;
	move_up(h, node);
	move_down(h, node);
}

void
heap_del(struct heap *h, struct heap_node *node)
{
	struct heap_node *last;

	if (node->pos == 0)
		return;
	must(node->pos <= h->n && h->nodes[node->pos - 1] == node);
	last = h->nodes[h->n - 1];
	h->n--;
	if (last != node) {
		set_at(h, node->pos, last);
		move_up(h, last);
		move_down(h, last);
	}
	node->pos = 0;
}

struct heap_node *
heap_first(const struct heap *h)
{
	return h->n > 0 ? h->nodes[0] : NULL;
}
