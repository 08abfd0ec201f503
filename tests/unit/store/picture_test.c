/* SPDX-License-Identifier: ISC */
/* A picture says the same as a list of all its UIDs. */
#include "store/picture.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/mem.h"

enum { ROUNDS = 300, MANY = 400 };

static uint32_t list[ROUNDS * MANY];
static uint32_t n;
static unsigned seed;

static unsigned
rnd(unsigned below)
{
	return (unsigned)rand_r(&seed) % below;
}

static void
check(const struct picture *p)
{
	uint32_t at = 0;

	assert_int_equal(p->n, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(picture_uid(p, i), list[i]);
		assert_int_equal(picture_from(p, list[i]), i);
		assert_true(picture_has(p, list[i]));
	}
	for (uint32_t uid = 0; n > 0 && uid < list[n - 1] + 3; uid++) {
		while (at < n && list[at] < uid)
			at++;
		assert_int_equal(picture_from(p, uid), at);
		assert_int_equal(
		    picture_has(p, uid), at < n && list[at] == uid);
	}
}

/* Some of those that are there, and some that are not. */
static void
remove_some(struct picture *p)
{
	const unsigned often = 1 + rnd(20);
	uint32_t *uids = xcalloc((size_t)n * 2 + 2, sizeof *uids);
	uint32_t kept = 0;
	size_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		const bool gap = i == 0 || list[i - 1] + 1 < list[i];

		if (gap && list[i] > 0 && rnd(4) == 0)
			uids[k++] = list[i] - 1;
		if (rnd(often) == 0)
			uids[k++] = list[i];
		else
			list[kept++] = list[i];
	}
	n = kept;
	picture_remove(p, uids, k);
	xfree(&uids);
}

static void
test_as_a_list(void **state)
{
	struct picture p = { 0 };
	uint32_t last = 0;

	(void)state;
	seed = (unsigned)arc4random();
	print_message("seed %u\n", seed);
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned i = rnd(MANY); i > 0 && n < MANY; i--) {
			last += rnd(3) == 0 ? 1 + rnd(5) : 1;
			picture_add(&p, last);
			list[n++] = last;
		}
		check(&p);
		remove_some(&p);
		check(&p);
	}
	picture_fini(&p);
}

/* The ends of what a UID can be. */
static void
test_last_uid(void **state)
{
	struct picture p = { 0 };
	const uint32_t last = UINT32_MAX, all[] = { 7, UINT32_MAX };

	(void)state;
	assert_int_equal(picture_from(&p, 1), 0);
	picture_add(&p, last - 1);
	picture_add(&p, last);
	assert_int_equal(p.nruns, 1);
	assert_true(picture_has(&p, last));
	assert_int_equal(picture_from(&p, last), 1);
	picture_remove(&p, all, 2);
	assert_int_equal(p.n, 1);
	assert_int_equal(picture_from(&p, last), 1);
	picture_remove(&p, &(uint32_t){ last - 1 }, 1);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.nruns, 0);
	picture_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_a_list),
		cmocka_unit_test(test_last_uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
