/* SPDX-License-Identifier: ISC */
/* The law of the queue, counted in hashes: no clock is needed for it. */
#include "auth/fair.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/penalty.h"
#include "base/mem.h"

struct guess {
	struct fair_entry entry;
	enum fair_class class;
	unsigned number;
};

static struct fair f;

static void
put(struct guess *g, const char *address, enum fair_class class)
{
	uint8_t bytes[16];

	g->class = class;
	fair_put(
	    &f, &g->entry, penalty_source(slice_str(address), bytes), class);
}

/* How many hashes are begun until it is G's turn, its own included. */
static unsigned
hashes_until(const struct guess *g)
{
	for (unsigned n = 1;; n++) {
		const struct fair_entry *e = fair_next(&f);

		assert_non_null(e);
		if (e == &g->entry)
			return n;
	}
}

static void
empty(void)
{
	while (fair_next(&f) != NULL)
		continue;
	fair_fini(&f);
	fair_init(&f);
}

/* N guesses, each from the address that ADDRESS makes of its number. */
static struct guess *
flood(unsigned n, void (*address)(char text[64], unsigned i),
    enum fair_class class)
{
	struct guess *all = xcalloc(n, sizeof *all);
	char text[64];

	for (unsigned i = 0; i < n; i++) {
		address(text, i);
		put(&all[i], text, class);
	}
	return all;
}

/* Of the whole Internet, of one host, of one customer, of one provider. */
static void
anywhere(char text[64], unsigned i)
{
	snprintf(text, 64, "10.0.%u.%u", i / 250, i % 250);
}

static void
one_host(char text[64], unsigned i)
{
	(void)i;
	snprintf(text, 64, "10.0.0.1");
}

static void
one_customer(char text[64], unsigned i)
{
	snprintf(text, 64, "2001:db8:0:1::%x", i + 1);
}

static void
one_provider(char text[64], unsigned i)
{
	snprintf(text, 64, "2001:db8:0:%x::1", i + 1);
}

/* 1,200 guesses from 1,200 addresses wait: who was right from his address
 * before waits for one hash at most beside his own, whenever he comes. */
static void
test_known_goes_first(void **state)
{
	struct guess *guesses = flood(1200, anywhere, FAIR_FRESH);

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		struct guess alice = { .number = 0 };

		put(&alice, "192.0.2.1", FAIR_KNOWN);
		assert_true(hashes_until(&alice) <= 2);
		(void)fair_next(&f);
	}
	empty();
	free(guesses);
}

/* 1,200 guesses from one address, or one IPv6 /64 or /48: a stranger from
 * elsewhere comes after one of them, or two. */
static void
test_one_network(void **state)
{
	static void (*const nets[])(char text[64], unsigned i) = { one_host,
		one_customer, one_provider };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(nets); k++) {
		struct guess *guesses = flood(1200, nets[k], FAIR_FRESH);
		struct guess stranger = { .number = 0 };

		for (int i = 0; i < 100; i++)
			(void)fair_next(&f);
		put(&stranger, "192.0.2.1", FAIR_FRESH);
		assert_true(hashes_until(&stranger) <= 2);
		put(&stranger, "2001:db8:1::1", FAIR_FRESH);
		assert_true(hashes_until(&stranger) <= 2);
		empty();
		free(guesses);
	}
}

/* Customers of one provider (/48) take turns among themselves, each with all
 * the addresses of his /64. */
static void
test_within_a_network(void **state)
{
	struct guess *guesses = flood(1000, one_customer, FAIR_FRESH);
	struct guess neighbour = { .number = 0 };

	(void)state;
	put(&neighbour, "2001:db8:0:2::1", FAIR_FRESH);
	assert_true(hashes_until(&neighbour) <= 2);
	empty();
	free(guesses);
}

/* Whoever was wrong before comes behind those who were not, and yet at last,
 * however many come before him. */
static void
test_nobody_starves(void **state)
{
	struct guess *known = flood(1000, anywhere, FAIR_KNOWN);
	struct guess *fresh = flood(1000, anywhere, FAIR_FRESH);
	struct guess *wrong = flood(100, anywhere, FAIR_WRONG);
	unsigned counts[FAIR_CLASSES] = { 0 };

	(void)state;
	for (int i = 0; i < FAIR_SHARE * FAIR_SHARE * 10; i++) {
		const struct fair_entry *e = fair_next(&f);

		counts[((const struct guess *)e)->class]++;
	}
	assert_int_equal(counts[FAIR_WRONG], 10);
	assert_int_equal(counts[FAIR_FRESH], 10 * (FAIR_SHARE - 1));
	/* nobody else waits: the turns are theirs */
	empty();
	put(&wrong[0], "10.3.0.0", FAIR_WRONG);
	assert_int_equal(hashes_until(&wrong[0]), 1);
	free(known);
	free(fresh);
	free(wrong);
}

/* Who has most waiting loses one when there are too many. */
static void
test_surplus(void **state)
{
	struct guess *many = flood(50, one_host, FAIR_FRESH);
	struct guess few[3] = { 0 }, wrong = { 0 }, known = { 0 };

	(void)state;
	assert_ptr_equal(fair_surplus(&f), &many[49].entry);
	for (size_t i = 0; i < ARRAY_LEN(few); i++)
		put(&few[i], "10.0.0.2", FAIR_FRESH);
	put(&known, "10.0.0.1", FAIR_KNOWN);
	for (int i = 49; i >= 3; i--) {
		assert_ptr_equal(fair_surplus(&f), &many[i].entry);
		fair_del(&f, &many[i].entry);
		fair_del(&f, &many[i].entry);
	}
	put(&wrong, "10.0.0.3", FAIR_WRONG);
	assert_ptr_equal(fair_surplus(&f), &wrong.entry);
	empty();
	assert_null(fair_surplus(&f));
	free(many);
}

/* At random: everyone comes once, those of one source in their order, and never
 * later than the number of networks and what stood before it allow. */
static void
test_against_a_model(void **state)
{
	enum { SOURCES = 20, ROUNDS = 20000 };
	static struct guess all[ROUNDS];
	unsigned put_n = 0, served[SOURCES] = { 0 }, given[SOURCES] = { 0 };
	static unsigned source_of[ROUNDS], at_turn[ROUNDS], ahead[ROUNDS];
	const char *env = getenv("PABAL_SEED");
	const unsigned seed =
	    env != NULL ? (unsigned)strtoul(env, NULL, 10) : 4711;
	unsigned turns = 0;

	(void)state;
	print_message("PABAL_SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < ROUNDS * 2; i++) {
		char address[32];
		struct guess *g;
		unsigned s;

		if (random() % 2 == 0 && put_n < ROUNDS) {
			g = &all[put_n];
			s = (unsigned)random() % SOURCES;
			s = s < SOURCES / 2 ? 0 : s; /* one is loud */
			snprintf(address, sizeof address, "10.0.0.%u", s);
			g->number = given[s];
			source_of[put_n] = s;
			at_turn[put_n] = turns;
			ahead[put_n] = given[s] - served[s];
			given[s]++;
			put_n++;
			put(g, address, FAIR_FRESH);
			continue;
		}
		g = (struct guess *)fair_next(&f);
		if (g == NULL)
			continue;
		turns++;
		s = source_of[g - all];
		assert_int_equal(g->number, served[s]);
		served[s]++;
		assert_true(
		    turns - at_turn[g - all] <= (ahead[g - all] + 1) * SOURCES);
	}
	empty();
}

static int
setup(void **state)
{
	(void)state;
	fair_init(&f);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fair_fini(&f);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_goes_first),
		cmocka_unit_test(test_one_network),
		cmocka_unit_test(test_within_a_network),
		cmocka_unit_test(test_nobody_starves),
		cmocka_unit_test(test_surplus),
		cmocka_unit_test(test_against_a_model),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
