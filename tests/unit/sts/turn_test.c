/* SPDX-License-Identifier: ISC */
#include "sts/turn.h"

#include "tests/unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "tests/clock.h"

enum { MANY = 400 };

struct host {
	struct sts_turn turn;
	int64_t begun_ms, over_ms; /* -1: not */
};

static struct host hosts[MANY];

static void
on_turn(struct sts_turn *t)
{
	OUTER(t, struct host, turn)->begun_ms = ev_now_ms();
}

static void
on_over(struct sts_turn *t)
{
	OUTER(t, struct host, turn)->over_ms = ev_now_ms();
	sts_turn_end(t);
}

static void
wait_for(size_t i, const char *address)
{
	struct addr a;

	hosts[i] = (struct host){ .begun_ms = -1, .over_ms = -1 };
	hosts[i].turn.on_turn = on_turn;
	hosts[i].turn.on_over = on_over;
	assert_true(addr_of_ip(&a, AF_UNSPEC, slice_str(address), 443));
	sts_turn_wait(&hosts[i].turn, &a);
}

static void
wait_in_network(size_t i, unsigned network)
{
	char text[40];

	snprintf(
	    text, sizeof text, "203.%u.%u.7", network / 256, network % 256);
	wait_for(i, text);
}

static size_t
running(size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += hosts[i].turn.running && hosts[i].turn.network != NULL;
	return n;
}

static void
end_all(size_t n)
{
	for (size_t i = 0; i < n; i++)
		sts_turn_end(&hosts[i].turn);
}

/* However many hosts of one network say nothing, another is not waited for. */
static void
test_one_network(void **state)
{
	(void)state;
	for (size_t i = 0; i < 200; i++)
		wait_for(i, i % 2 == 0 ? "192.0.2.1" : "192.0.2.200");
	clock_run(1);
	assert_int_equal(running(0, 200), STS_TURNS_NETWORK);
	wait_for(200, "198.51.100.1");
	wait_for(201, "2001:db8:1:2::1");
	clock_run(1);
	assert_int_equal(running(200, 202), 2);
	/* And there each has his share. */
	clock_run(STS_TURN_MS);
	assert_int_equal(hosts[0].over_ms - hosts[0].begun_ms, STS_TURN_MS);
	assert_int_equal(running(0, 200), STS_TURNS_NETWORK);
	assert_true(hosts[19].begun_ms != -1);
	assert_int_equal(hosts[200].over_ms, -1);
	end_all(202);
}

/* Where slow ones are everywhere, a newcomer waits for a share at most. */
static void
test_all_networks(void **state)
{
	const int64_t since = ev_now_ms();

	(void)state;
	for (size_t i = 0; i < STS_TURNS; i++)
		wait_in_network(i, (unsigned)i);
	clock_run(1);
	assert_int_equal(running(0, STS_TURNS), STS_TURNS);
	wait_in_network(STS_TURNS, 1000);
	clock_run(STS_TURN_MS - 10);
	assert_int_equal(running(0, STS_TURNS), STS_TURNS);
	clock_run(20);
	assert_int_equal(running(STS_TURNS, STS_TURNS + 1), 1);
	assert_true(hosts[STS_TURNS].begun_ms - since <= STS_TURN_MS + 10);
	/* One went, and nobody else: nobody waits. */
	assert_int_equal(running(0, STS_TURNS), STS_TURNS - 1);
	clock_run(10L * STS_TURN_MS);
	assert_int_equal(running(0, STS_TURNS + 1), STS_TURNS);
	end_all(STS_TURNS + 1);
}

/* Who waits alone for a network's turn is not behind all of another. */
static void
test_networks_take_turns(void **state)
{
	(void)state;
	for (size_t i = 0; i < 300; i++)
		wait_in_network(i, (unsigned)(i / 20)); /* 15 networks */
	wait_in_network(300, 999);
	clock_run(2L * STS_TURN_MS);
	assert_true(hosts[300].begun_ms != -1);
	assert_int_equal(hosts[19].begun_ms == -1, false);
	end_all(301);
}

/* An IPv4 address counts as it is, however it is written; an end while it waits
 * leaves nothing behind. */
static void
test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < 12; i++)
		wait_for(i, i % 2 == 0 ? "192.0.2.1" : "::ffff:192.0.2.2");
	clock_run(1);
	assert_int_equal(running(0, 12), STS_TURNS_NETWORK);
	for (size_t i = 0; i < 12; i++)
		if (!hosts[i].turn.running)
			sts_turn_end(&hosts[i].turn);
	clock_run(10L * STS_TURN_MS);
	assert_int_equal(running(0, 12), STS_TURNS_NETWORK);
	end_all(12);
	end_all(12); /* twice is nothing */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_network),
		cmocka_unit_test(test_all_networks),
		cmocka_unit_test(test_networks_take_turns),
		cmocka_unit_test(test_ends),
	};

	ev_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
