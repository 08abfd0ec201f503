/* SPDX-License-Identifier: ISC */
/* The order in which mail for one destination has its turns, by its laws. */
#include "qmgr/run/flow.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "qmgr/queue/message.h"
#include "queue/priority.h"
#include "tests/unit/qmgr/frame.h"

enum { BULK_TURN = 4, BULK_RCPTS = 60, PER_JOB = 10, SENDERS = 12 };

static struct entry entry;
static struct message **made;
static size_t nmade;
static struct flows flows;

static struct message *
message(const char *login, const char *sender, const char *priority, size_t n)
{
	struct envelope_rcpt *rcpts = xcalloc(n, sizeof *rcpts);
	struct envelope env = { .rcpts = rcpts,
		.nrcpts = n,
		.login = slice_str(login),
		.sender = slice_str(sender),
		.priority = slice_str(priority) };
	struct arena arena;
	struct message *m;

	arena_init(&arena);
	env.login = arena_slice(&arena, env.login);
	env.sender = arena_slice(&arena, env.sender);
	for (size_t i = 0; i < n; i++)
		rcpts[i].address = SLICE("a@b.test");
	m = message_new(&entry, &arena, &env, 0);
	free(rcpts);
	made = xreallocarray(made, nmade + 1, sizeof(struct message *));
	made[nmade++] = m;
	return m;
}

static void
put(struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++) {
		m->rcpts[i]->nexthop = SLICE("smtp:b.test");
		flow_put(&flows, m->rcpts[i]);
	}
}

/* The next turn: whose. */
static struct message *
turn(void)
{
	struct rcpt *out[PER_JOB];
	struct batch *b = flow_pick(&flows, false);
	struct message *m;

	assert_non_null(b);
	m = b->message;
	assert_in_range(flow_take(b, out, PER_JOB), 1, PER_JOB);
	flow_served(&flows, b);
	return m;
}

static void
drop_all(void)
{
	while (nmade > 0)
		message_free(&made[--nmade]);
}

/* A sender with very many messages does not hold up another's one. */
static void
test_senders(void **state)
{
	struct message *one;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		put(message("", "many@a.test", PRIORITY_MAIL, 1));
	one = message("", "one@a.test", PRIORITY_MAIL, 1);
	put(one);
	assert_ptr_not_equal(turn(), one);
	assert_ptr_equal(turn(), one);
	while (flows.nbatches > 0)
		(void)turn();
	drop_all();
}

/* Who logs in cannot be many by writing many senders, and is not held up by
 * who writes his address. */
static void
test_logins(void **state)
{
	struct message *one;
	char sender[32];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(sender, sizeof sender, "s%u@a.test", i);
		put(message("web@a.test", sender, PRIORITY_MAIL, 1));
		put(message("", "one@a.test", PRIORITY_MAIL, 1));
	}
	one = message("one@a.test", "one@a.test", PRIORITY_MAIL, 1);
	put(one);
	(void)turn();
	(void)turn();
	assert_ptr_equal(turn(), one);
	while (flows.nbatches > 0)
		(void)turn();
	drop_all();
}

/* By what was asked for, its header, and the number of its recipients. */
static void
test_rank(void **state)
{
	static const struct {
		const char *priority;
		size_t n;
		int8_t asked;
		enum flow_rank rank;
	} rows[] = {
		{ PRIORITY_MAIL, 1, 0, FLOW_MAIL },
		{ PRIORITY_BULK, 1, 0, FLOW_BULK },
		{ "", BULK_RCPTS - 1, 0, FLOW_MAIL },
		{ "", BULK_RCPTS, 0, FLOW_BULK },
		{ "9", 1, 0, FLOW_MAIL },
		{ PRIORITY_MAIL, 1, 1, FLOW_URGENT },
		{ PRIORITY_BULK, BULK_RCPTS, 9, FLOW_URGENT },
		{ PRIORITY_MAIL, 1, -1, FLOW_BULK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct message *m =
		    message("", "s@a.test", rows[i].priority, rows[i].n);

		m->env.mt_priority = rows[i].asked;
		assert_int_equal(flow_rank_of(m), rows[i].rank);
	}
	drop_all();
}

/* Of the longest flow, of bulk first: who has most gives way. */
static void
test_last(void **state)
{
	struct message *m[4];

	(void)state;
	assert_null(flow_last(&flows));
	put(m[0] = message("", "a@a.test", PRIORITY_MAIL, 1));
	put(m[1] = message("", "b@a.test", PRIORITY_MAIL, 1));
	put(m[2] = message("", "a@a.test", PRIORITY_MAIL, 1));
	assert_ptr_equal(flow_last(&flows)->message, m[2]);
	put(m[3] = message("", "c@a.test", PRIORITY_BULK, 1));
	assert_ptr_equal(flow_last(&flows)->message, m[3]);
	while (flows.nbatches > 0)
		(void)turn();
	drop_all();
}

/* ---- the laws ---- */

/* Turns that each flow had since flow K had its last, while K waited. */
static struct {
	unsigned since[SENDERS][SENDERS];
	unsigned waiting[SENDERS]; /* messages */
	/* of the others since the last of a rank, while it waited */
	unsigned above[FLOW_RANKS], below[FLOW_RANKS];
} law;

static enum flow_rank
rank_of_sender(unsigned s)
{
	return (enum flow_rank)(s % FLOW_RANKS);
}

static bool
rank_waits(enum flow_rank rank)
{
	for (unsigned s = 0; s < SENDERS; s++)
		if (rank_of_sender(s) == rank && law.waiting[s] > 0)
			return true;
	return false;
}

static unsigned
sender_of(const struct message *m)
{
	return (unsigned)(m->env.sender.p[0] - 'a');
}

static void
put_random(unsigned *left)
{
	const unsigned s = (unsigned)rand() % SENDERS;
	const char name[] = { (char)('a' + s), '\0' };
	/* the last sends most of all */
	const unsigned n = s >= SENDERS - FLOW_RANKS ? 20 : 1;
	struct message *m;

	for (unsigned i = 0; i<n && * left> 0; i++, --*left) {
		if (law.waiting[s]++ == 0)
			for (unsigned k = 0; k < SENDERS; k++)
				law.since[s][k] = 0;
		m = message("", name,
		    rank_of_sender(s) == FLOW_BULK ? PRIORITY_BULK
						   : PRIORITY_MAIL,
		    (size_t)rand() % (BULK_RCPTS - 1) + 1);
		m->env.mt_priority = rank_of_sender(s) == FLOW_URGENT;
		put(m);
	}
}

/* Who waits waits for BULK_TURN - 1 of those above him at most, and for one of
 * each rank below. */
static void
check_ranks(enum flow_rank had, const bool waited[FLOW_RANKS])
{
	for (unsigned r = 0; r < FLOW_RANKS; r++) {
		if (r == had || !waited[r]) {
			law.above[r] = law.below[r] = 0;
		} else if (had < r) {
			assert_true(++law.above[r] < BULK_TURN);
		} else {
			assert_true(++law.below[r] < FLOW_RANKS);
		}
	}
}

static void
check_turn(void)
{
	const size_t before = flows.nbatches;
	bool waited[FLOW_RANKS];
	unsigned s;

	for (unsigned r = 0; r < FLOW_RANKS; r++)
		waited[r] = rank_waits((enum flow_rank)r);
	s = sender_of(turn());
	for (unsigned k = 0; k < SENDERS; k++) {
		/* K waits, and S is of its rank: at most once before K. */
		if (k != s && law.waiting[k] > 0 &&
		    rank_of_sender(k) == rank_of_sender(s) &&
		    ++law.since[k][s] > 1)
			fail_msg("%u had two turns while %u waited", s, k);
		law.since[s][k] = 0;
	}
	law.waiting[s] -= (unsigned)(before - flows.nbatches);
	check_ranks(rank_of_sender(s), waited);
}

static void
test_laws(void **state)
{
	const unsigned seed = (unsigned)arc4random();

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 20; round++) {
		unsigned left = 1000;

		while (left > 0 || flows.nbatches > 0)
			if (left > 0 &&
			    (flows.nbatches == 0 || rand() % 4 == 0))
				put_random(&left);
			else
				check_turn();
		for (unsigned s = 0; s < SENDERS; s++)
			assert_int_equal(law.waiting[s], 0);
		drop_all();
	}
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	frame_conf("bulk_recipients = 60\nbulk_turn = 4\n");
	flow_init(&flows);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	flow_fini(&flows);
	free(made);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
