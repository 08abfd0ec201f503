/* SPDX-License-Identifier: ISC */
#include "mailsearch/order.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys of two to nine bytes, so that some have a rest, in both directions. */
static struct slice
key_of(uint32_t i, char *key, size_t size)
{
	const int n = snprintf(key, size, "%02u%.*s", (unsigned)(i * 7919 % 50),
	    (int)(i % 8), "aaaaaaa");

	return slice_of(key, (size_t)n);
}

static bool
in_order(const struct order *o)
{
	char a[16], b[16];

	for (size_t i = 1; i < o->n; i++) {
		const uint32_t x = o->v[i - 1].item, y = o->v[i].item;
		const int cmp =
		    slice_cmp(key_of(x, a, sizeof a), key_of(y, b, sizeof b));

		if (cmp > 0 || (cmp == 0 && x >= y))
			return false;
	}
	return true;
}

static void
sort(struct order *o)
{
	while (order_step(o))
		;
}

/* Of any size; again after a reset, of more than before. */
static void
test_sort(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 2, 15, 16, 17, 31, 33, 100, 70,
		4095, 4096, 4097, 20000, 3 };
	struct order o;
	char key[16];

	(void)state;
	order_init(&o, 1 << 20);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		order_reset(&o);
		for (uint32_t i = sizes[k]; i > 0; i--)
			order_add(&o, i, i, key_of(i, key, sizeof key));
		sort(&o);
		assert_int_equal(o.n, sizes[k]);
		assert_true(in_order(&o));
	}
	order_fini(&o);
}

/* What is put in and taken out later, many times; memory does not grow. */
static void
test_insert(void **state)
{
	struct order o;
	char key[16];

	(void)state;
	order_init(&o, 64 << 20);
	for (uint32_t i = 1; i <= 33; i++)
		order_add(&o, i, i, key_of(i, key, sizeof key));
	sort(&o);
	for (uint32_t i = 34; i < 20000; i++) {
		const size_t at =
		    order_insert(&o, i, i, key_of(i, key, sizeof key));

		assert_int_equal(o.v[at].item, i);
		if (o.n > 100)
			order_remove(&o, i % o.n);
		if (i % 100 == 0)
			assert_true(in_order(&o));
	}
	assert_int_equal(o.n, 100);
	assert_true(o.arena.used_bytes < 200 << 10);
	order_fini(&o);
}

/* Beyond the limit the first 8 bytes count. */
static void
test_limit(void **state)
{
	struct order o;

	(void)state;
	order_init(&o, 0);
	order_add(&o, 1, 1, SLICE("12345678b"));
	order_add(&o, 2, 2, SLICE("12345678a"));
	order_add(&o, 3, 3, SLICE("12345677"));
	sort(&o);
	assert_int_equal(o.v[0].item, 3);
	assert_int_equal(o.v[1].item, 1);
	order_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_insert),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
