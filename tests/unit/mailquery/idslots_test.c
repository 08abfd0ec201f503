/* SPDX-License-Identifier: ISC */
/* A table against an array that says what is in it. */
#include "mailquery/idslots.h"

#include "tests/unit.h"

#include "base/mem.h"

enum { ITEMS = 3000, STEPS = 60000, KEYS = 700 };

static uint64_t keys[ITEMS + 1]; /* of items; not all are in the table */

static uint64_t
key_of(const void *owner, uint32_t item)
{
	assert_ptr_equal(owner, keys);
	return keys[item];
}

static uint32_t
draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

static void
test_model(void **state)
{
	static uint32_t model[KEYS]; /* key -> item */
	uint32_t seed = 1;
	struct idslots s;
	size_t used = 0;

	(void)state;
	for (uint32_t i = 1; i <= ITEMS; i++)
		keys[i] = i % KEYS;
	idslots_init(&s, keys, key_of);
	assert_int_equal(idslots_find(&s, 1), 0);
	idslots_del(&s, 1);
	for (int step = 0; step < STEPS; step++) {
		const uint32_t item = 1 + draw(&seed, ITEMS);
		const uint32_t key = item % KEYS;

		if (draw(&seed, 3) > 0) {
			used += model[key] == 0;
			model[key] = item;
			idslots_put(&s, item);
		} else {
			used -= model[key] != 0;
			model[key] = 0;
			idslots_del(&s, key);
		}
		assert_int_equal(s.used, used);
		assert_int_equal(idslots_find(&s, key), model[key]);
	}
	for (uint32_t key = 0; key < KEYS; key++)
		assert_int_equal(idslots_find(&s, key), model[key]);
	idslots_reset(&s);
	assert_int_equal(idslots_find(&s, 1), 0);
	idslots_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_model) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
