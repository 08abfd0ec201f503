/* SPDX-License-Identifier: ISC */
#include "auth/cache.h"

#include "tests/unit.h"

static const struct auth_cache_key key = {
	.account = { "alice", 5 },
	.stored = { "$y$1", 4 },
	.secret = { "sesame", 6 },
};

static void
test_hit(void **state)
{
	struct auth_cache *c = auth_cache_new(10);

	(void)state;
	assert_false(auth_cache_hit(c, &key, 0, 1000));
	auth_cache_put(c, &key, 0);
	assert_true(auth_cache_hit(c, &key, 1000, 1000));
	assert_false(auth_cache_hit(c, &key, 0, 0));
	assert_true(auth_cache_hit(c, &key, 0, 1000));
	assert_false(auth_cache_hit(c, &key, 1001, 1000));
	assert_false(auth_cache_hit(c, &key, 0, 1000));
	auth_cache_free(&c);
	assert_null(c);
}

static void
test_nothing_else_hits(void **state)
{
	struct auth_cache *c = auth_cache_new(10);
	struct auth_cache_key k = key;

	(void)state;
	auth_cache_put(c, &key, 0);
	k.account = SLICE("alic");
	assert_false(auth_cache_hit(c, &k, 0, 1000));
	k = key;
	k.stored = SLICE("$y$2");
	assert_false(auth_cache_hit(c, &k, 0, 1000));
	k = key;
	k.secret = SLICE("Sesame");
	assert_false(auth_cache_hit(c, &k, 0, 1000));
	/* the parts do not run together */
	k = key;
	k.account = SLICE("alice$");
	k.stored = SLICE("y$1");
	assert_false(auth_cache_hit(c, &k, 0, 1000));
	auth_cache_free(&c);
}

static void
test_bounded(void **state)
{
	struct auth_cache *c = auth_cache_new(2);
	struct auth_cache_key a = key, b = key;

	(void)state;
	a.account = SLICE("a");
	b.account = SLICE("b");
	auth_cache_put(c, &key, 0);
	auth_cache_put(c, &a, 0);
	auth_cache_put(c, &a, 0);
	assert_true(auth_cache_hit(c, &key, 0, 1000));
	auth_cache_put(c, &b, 0);
	assert_false(auth_cache_hit(c, &key, 0, 1000));
	assert_true(auth_cache_hit(c, &a, 0, 1000));
	assert_true(auth_cache_hit(c, &b, 0, 1000));
	auth_cache_free(&c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hit),
		cmocka_unit_test(test_nothing_else_hits),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
