/* SPDX-License-Identifier: ISC */
#include "base/heap.h"

#include "tests/unit.h"

#include "base/mem.h"

enum { NODES = 300, STEPS = 20000 };

static struct heap_node nodes[NODES];

/* A small generator of our own, so that every run sees the same steps. */
static uint32_t
next_random(void)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Every node at its place, no parent later than its child. */
static void
check_order(const struct heap *h)
{
	size_t in_heap = 0;

	for (size_t i = 0; i < h->n; i++) {
		assert_int_equal(h->nodes[i]->pos, i + 1);
		if (i > 0)
			assert_true(
			    h->nodes[(i - 1) / 2]->key <= h->nodes[i]->key);
	}
	for (size_t i = 0; i < NODES; i++)
		in_heap += nodes[i].pos != 0;
	assert_int_equal(in_heap, h->n);
}

static void
test_random_steps(void **state)
{
	struct heap h;

	(void)state;
	heap_init(&h);
	for (int step = 0; step < STEPS; step++) {
		struct heap_node *node = &nodes[next_random() % NODES];

		if (next_random() % 3 == 0)
			heap_del(&h, node);
		else
			heap_put(&h, node, next_random() % 100);
		if (step % 16 == 0)
			check_order(&h);
	}
	check_order(&h);
	int64_t last = 0;
	for (struct heap_node *node; (node = heap_first(&h)) != NULL;) {
		assert_true(node->key >= last);
		last = node->key;
		heap_del(&h, node);
		assert_int_equal(node->pos, 0);
	}
	heap_fini(&h);
}

static void
test_edges(void **state)
{
	struct heap h;
	struct heap_node a = { 0 }, b = { 0 };

	(void)state;
	heap_init(&h);
	assert_null(heap_first(&h));
	heap_del(&h, &a);
	heap_put(&h, &a, INT64_MAX);
	heap_put(&h, &b, INT64_MIN);
	assert_ptr_equal(heap_first(&h), &b);
	heap_put(&h, &a, INT64_MIN);
	heap_put(&h, &b, 0);
	assert_ptr_equal(heap_first(&h), &a);
	assert_int_equal(h.n, 2);
	heap_del(&h, &b);
	heap_del(&h, &b);
	assert_int_equal(h.n, 1);
	heap_fini(&h);
	assert_null(heap_first(&h));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_steps),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
