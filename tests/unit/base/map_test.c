/* SPDX-License-Identifier: ISC */
#include "base/map.h"

#include "tests/unit.h"

#include <stdio.h>

#include "base/mem.h"

enum { MANY = 5000 };

static int values[MANY];

static struct slice
key_of(size_t i, char text[24])
{
	return slice_of(text, (size_t)snprintf(text, 24, "key-%zu", i));
}

static void
test_put_find_del(void **state)
{
	struct map m;
	int a = 1, b = 2;

	(void)state;
	map_init(&m);
	assert_null(map_find(&m, SLICE("a")));
	assert_null(map_del(&m, SLICE("a")));
	assert_null(map_put(&m, SLICE("a"), &a));
	assert_null(map_put(&m, (struct slice){ 0 }, &b));
	assert_null(map_put(&m, SLICE("a\0"), &b));
	assert_ptr_equal(map_find(&m, SLICE("a")), &a);
	assert_ptr_equal(map_put(&m, SLICE("a"), &b), &a);
	assert_ptr_equal(map_find(&m, SLICE("a")), &b);
	assert_int_equal(m.count, 3);
	assert_ptr_equal(map_del(&m, SLICE("a")), &b);
	assert_null(map_find(&m, SLICE("a")));
	assert_ptr_equal(map_find(&m, SLICE("")), &b);
	assert_ptr_equal(map_find(&m, SLICE("a\0")), &b);
	map_fini(&m);
	assert_int_equal(m.count, 0);
}

/* Keys are the map's own copies. */
static void
test_keys_are_copied(void **state)
{
	struct map m;
	char key[] = "first";
	int a = 1;

	(void)state;
	map_init(&m);
	map_put(&m, slice_str(key), &a);
	key[0] = 'X';
	assert_ptr_equal(map_find(&m, SLICE("first")), &a);
	assert_null(map_find(&m, slice_str(key)));
	map_fini(&m);
}

static void
test_many(void **state)
{
	struct map m;
	char text[24];

	(void)state;
	map_init(&m);
	for (size_t i = 0; i < MANY; i++)
		assert_null(map_put(&m, key_of(i, text), &values[i]));
	assert_int_equal(m.count, MANY);
	for (size_t i = 0; i < MANY; i += 2)
		assert_ptr_equal(map_del(&m, key_of(i, text)), &values[i]);
	assert_int_equal(m.count, MANY / 2);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(map_find(&m, key_of(i, text)),
		    i % 2 == 0 ? NULL : &values[i]);
	map_fini(&m);
}

/* Each entry is visited once, also when every second is deleted on the way. */
static void
test_iterate_and_delete(void **state)
{
	struct map m;
	struct map_iter it = { 0 };
	size_t visits = 0;
	char text[24];

	(void)state;
	map_init(&m);
	for (size_t i = 0; i < MANY; i++) {
		values[i] = 0;
		map_put(&m, key_of(i, text), &values[i]);
	}
	while (map_next(&m, &it)) {
		++*(int *)it.value;
		if (visits++ % 2 == 0)
			assert_ptr_equal(map_del(&m, it.key), it.value);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(values[i], 1);
	assert_int_equal(m.count, MANY / 2);
	it = (struct map_iter){ 0 };
	for (visits = 0; map_next(&m, &it); visits++)
		continue;
	assert_int_equal(visits, MANY / 2);
	map_fini(&m);
	it = (struct map_iter){ 0 };
	assert_false(map_next(&m, &it));
}

/* The fixed hash shards between processes and over restarts: it may not
 * change, and every byte and the length count. */
static void
test_hash(void **state)
{
	static const char bytes[16] = { 0 };

	(void)state;
	/* SipHash-1-3 of another implementation with the same key. */
	assert_true(
	    map_hash_fixed(SLICE("alice@pabal.test")) == 0x86d28f58f03908eeU);
	for (size_t n = 0; n < sizeof bytes; n++)
		for (size_t k = 0; k < n; k++)
			assert_true(map_hash_fixed(slice_of(bytes, n)) !=
				    map_hash_fixed(slice_of(bytes, k)));
	for (size_t at = 0; at < sizeof bytes; at++) {
		char other[16] = { 0 };

		other[at] = 1;
		assert_true(map_hash(slice_of(other, 16)) !=
			    map_hash(slice_of(bytes, 16)));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_find_del),
		cmocka_unit_test(test_keys_are_copied),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_iterate_and_delete),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
