/* SPDX-License-Identifier: ISC */
#include "qmgr/run/dest.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/run/dest_state.h"
#include "qmgr/run/settle.h"
#include "tests/clock.h"
#include "tests/unit/qmgr/frame.h"

enum { START = 5, LIMIT = 20, DOWN_MS = 60000, MANY = 10000 };

/* What was handed to agents, oldest first. */
static struct {
	struct dest *dest;
	struct message *message;
	struct rcpt *first;
	size_t n;
} jobs[1000];
static size_t njobs;
static unsigned deferred; /* recipients */
static struct rcpt *last_deferred;
static struct entry entry;
static struct message **made;
static size_t nmade;
static const char *sender = "";

static void
on_deliver(struct dest *d, struct message *m, struct rcpt **rcpts, size_t n)
{
	assert_true(njobs < ARRAY_LEN(jobs));
	jobs[njobs].dest = d;
	jobs[njobs].message = m;
	jobs[njobs].first = rcpts[0];
	jobs[njobs++].n = n;
	free(rcpts);
}

/* Expansions bring nothing here. */
static void
on_begin(struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->state == RCPT_DEFERRED &&
		    m->rcpts[i] != last_deferred) {
			last_deferred = m->rcpts[i];
			deferred++;
		}
}

static void
on_ended(struct message *m)
{
	(void)m;
}

/* The oldest job ends. */
static void
end_job(enum dest_outcome outcome)
{
	struct dest *d = jobs[0].dest;

	assert_true(njobs > 0);
	memmove(jobs, jobs + 1, --njobs * sizeof jobs[0]);
	dest_done(d, outcome, SLICE("4.4.1"), SLICE("no route"));
	clock_run(0);
}

/* A message of N recipients, open, one of them for each call of put. */
static struct message *
message(size_t n)
{
	struct envelope_rcpt *rcpts = xcalloc(n, sizeof *rcpts);
	struct envelope env = {
		.rcpts = rcpts, .nrcpts = n, .sender = slice_str(sender)
	};
	struct arena arena;
	struct message *m;

	arena_init(&arena);
	for (size_t i = 0; i < n; i++)
		rcpts[i].address = SLICE("a@b.test");
	m = message_new(&entry, &arena, &env, 0);
	settle_open(m);
	m->open = n + 1; /* the round does not end here */
	free(rcpts);
	made = xreallocarray(made, nmade + 1, sizeof(struct message *));
	made[nmade++] = m;
	return m;
}

static const char *limits = "";

static void
put(struct message *m, size_t i, const char *site, const char *nexthop)
{
	rcpt_enter(m->rcpts[i], RCPT_RESOLVING);
	m->rcpts[i]->limits = slice_str(limits);
	m->rcpts[i]->nexthop = slice_str(nexthop);
	dest_put(ROLE_SMTP, 0, slice_str(site), m->rcpts[i]);
}

static void
put_new(const char *site)
{
	put(message(1), 0, site, "smtp:next.test");
}

static void
fill(const char *site, unsigned n)
{
	while (n-- > 0)
		put_new(site);
	clock_run(0);
}

static void
test_window(void **state)
{
	(void)state;
	fill("smtp:window", 200);
	assert_int_equal(njobs, START);
	/* as many successes as the window is wide make it wider by one */
	for (unsigned i = 0; i < START; i++)
		end_job(DEST_WELL);
	assert_int_equal(njobs, START + 1);
	end_job(DEST_TROUBLE);
	assert_int_equal(njobs, START); /* now 3 */
	while (njobs > 2)
		end_job(DEST_TROUBLE), end_job(DEST_WELL);
	for (unsigned i = 0; njobs > 0; i++) {
		assert_true(njobs <= LIMIT);
		end_job(DEST_WELL);
	}
}

/* Domains with the same hosts have the window in common, and each delivery goes
 * to one next hop. */
static void
test_site(void **state)
{
	struct message *m = message(100);
	char hop[100][32];

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		snprintf(hop[i], sizeof hop[i], "smtp:d%zu.test", i / 2);
		put(m, i, "smtp:mx.test", hop[i]);
	}
	clock_run(0);
	assert_int_equal(njobs, START);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(jobs[0].n, 2);
		assert_string_equal(jobs[0].first->nexthop.p, hop[2 * i]);
		assert_true(njobs <= LIMIT);
		end_job(DEST_WELL);
	}
	assert_int_equal(njobs, 0);
}

static void
test_down(void **state)
{
	(void)state;
	fill("smtp:down", 5 + START);
	deferred = 0;
	for (unsigned i = 0; i < 4; i++)
		end_job(DEST_TROUBLE);
	assert_int_equal(deferred, 0);
	end_job(DEST_TROUBLE);
	/* what waits, and what comes, is put off with the reason */
	assert_true(deferred > 0);
	assert_true(slice_is(last_deferred->text, "no route"));
	while (njobs > 0)
		end_job(DEST_TROUBLE);
	deferred = 0;
	clock_run(DOWN_MS - 1);
	fill("smtp:down", 3);
	assert_int_equal(njobs, 0);
	assert_int_equal(deferred, 3);
	/* then one tries it */
	clock_run(1);
	fill("smtp:down", 3);
	assert_int_equal(njobs, 1);
	assert_int_equal(deferred, 3);
	end_job(DEST_TROUBLE);
	assert_int_equal(deferred, 5);
	clock_run(DOWN_MS);
	fill("smtp:down", 3);
	end_job(DEST_WELL);
	assert_int_equal(njobs, 2);
	while (njobs > 0)
		end_job(DEST_WELL);
}

/* What says nothing of the hosts is no failure, nor the end of failures. */
static void
test_unknown(void **state)
{
	(void)state;
	fill("smtp:unknown", 3 * START);
	deferred = 0;
	for (unsigned i = 0; i < 4; i++)
		end_job(DEST_TROUBLE);
	for (unsigned i = 0; i < START; i++)
		end_job(DEST_UNKNOWN);
	assert_int_equal(deferred, 0);
	assert_true(njobs > 0);
	end_job(DEST_TROUBLE);
	assert_true(deferred > 0);
	while (njobs > 0)
		end_job(DEST_UNKNOWN);
	/* nor is who probes it */
	clock_run(DOWN_MS);
	deferred = 0;
	fill("smtp:unknown", 3);
	end_job(DEST_UNKNOWN);
	assert_int_equal(njobs, 1);
	end_job(DEST_TROUBLE);
	assert_int_equal(deferred, 1);
}

/* All of a site's life: it is new, does well, is in trouble, is down, is probed
 * by one delivery while others wait, and begins again as if it were new. */
static void
test_life(void **state)
{
	(void)state;
	/* new: START deliveries, one more for each window that went well */
	fill("smtp:life", 1000);
	assert_int_equal(njobs, START);
	for (unsigned window = START; window < LIMIT; window++) {
		assert_int_equal(njobs, window);
		for (unsigned i = 0; i < window; i++)
			end_job(DEST_WELL);
	}
	/* well: never more than LIMIT, however long it goes on */
	for (unsigned i = 0; i < 5 * LIMIT; i++) {
		assert_int_equal(njobs, LIMIT);
		end_job(DEST_WELL);
	}
	/* trouble: half of it each time; success widens it again */
	end_job(DEST_TROUBLE);
	while (njobs > LIMIT / 2)
		end_job(DEST_UNKNOWN);
	end_job(DEST_WELL);
	assert_int_equal(njobs, LIMIT / 2);
	end_job(DEST_TROUBLE);
	while (njobs > LIMIT / 4)
		end_job(DEST_UNKNOWN);
	end_job(DEST_WELL);
	assert_int_equal(njobs, LIMIT / 4);
	/* down: all that waits is put off, and nobody dials */
	deferred = 0;
	for (unsigned i = 0; i < 5; i++)
		end_job(DEST_TROUBLE);
	while (njobs > 0)
		end_job(DEST_UNKNOWN);
	assert_true(deferred > 0);
	deferred = 0;
	fill("smtp:life", 100);
	assert_int_equal(njobs, 0);
	assert_int_equal(deferred, 100);
	/* its minute is over: one probes, the others wait for what it finds */
	clock_run(DOWN_MS);
	deferred = 0;
	fill("smtp:life", 100);
	clock_run(DOWN_MS);
	assert_int_equal(njobs, 1);
	assert_int_equal(deferred, 0);
	end_job(DEST_TROUBLE);
	assert_int_equal(njobs, 0);
	assert_int_equal(deferred, 99);
	clock_run(DOWN_MS);
	fill("smtp:life", 200);
	assert_int_equal(njobs, 1);
	/* up: it begins as it did when it was new */
	end_job(DEST_WELL);
	assert_int_equal(njobs, START);
	for (unsigned i = 0; i < START; i++)
		end_job(DEST_WELL);
	assert_int_equal(njobs, START + 1);
	/* and one trouble is no reason to be down again */
	deferred = 0;
	end_job(DEST_TROUBLE);
	assert_int_equal(deferred, 0);
	while (njobs > 0)
		end_job(DEST_WELL);
}

/* What limits say of it counts instead of smtp_concurrency, from the next
 * recipient on. */
static void
test_limits(void **state)
{
	(void)state;
	limits = "limits.test sessions=2 messages=7";
	fill("smtp:limits", 300);
	assert_int_equal(njobs, 2);
	assert_int_equal(dest_session_messages(jobs[0].dest), 7);
	for (unsigned i = 0; i < 10; i++) {
		end_job(DEST_WELL);
		assert_int_equal(njobs, 2);
	}
	limits = "limits.test sessions=100";
	fill("smtp:limits", 1);
	for (unsigned i = 0; i < 100; i++)
		end_job(DEST_WELL);
	assert_true(njobs > 2);
	limits = "limits.test sessions=3";
	fill("smtp:limits", 1);
	while (njobs > 3)
		end_job(DEST_WELL);
	for (unsigned i = 0; i < 10; i++) {
		end_job(DEST_WELL);
		assert_int_equal(njobs, 3);
	}
	limits = "";
	while (njobs > 0)
		end_job(DEST_WELL);
}

/* A rate counts recipients: what does not fit is the next delivery's. */
static void
test_limits_rate(void **state)
{
	struct message *m = message(80);

	(void)state;
	limits = "rate.test rate=60/1m";
	for (size_t i = 0; i < 80; i++)
		put(m, i, "smtp:rate", "smtp:a");
	clock_run(0);
	assert_int_equal(njobs, 2);
	assert_int_equal(jobs[0].n, 50);
	assert_int_equal(jobs[1].n, 10);
	end_job(DEST_WELL);
	end_job(DEST_WELL);
	clock_run(50000);
	assert_int_equal(njobs, 0);
	clock_run(12000);
	assert_int_equal(njobs, 1);
	assert_int_equal(jobs[0].n, 20);
	limits = "";
	end_job(DEST_WELL);
}

/* What is far from its turn does not stay in memory; who has little there
 * has his turn all the same. */
static void
test_limits_excess(void **state)
{
	struct message *one;

	(void)state;
	limits = "excess.test interval=10s";
	deferred = 0;
	fill("smtp:excess", 500);
	/* five minutes' worth of it stays */
	assert_int_equal(njobs, 1);
	assert_int_equal(deferred, 500 - 1 - 30);
	assert_int_equal(last_deferred->message->paused, 1);
	assert_true(last_deferred->message->pause_ms >= 300000);
	assert_true(slice_is(last_deferred->dsn, "4.4.5"));
	sender = "other@b.test";
	one = message(1);
	put(one, 0, "smtp:excess", "smtp:a");
	sender = "";
	fill("smtp:excess", 2);
	assert_int_equal(deferred, 500 - 30 + 2);
	end_job(DEST_WELL);
	for (unsigned turns = 0; njobs == 0 || jobs[0].message != one;
	     turns++) {
		assert_true(turns < 2);
		clock_run(10000);
		if (jobs[0].message != one)
			end_job(DEST_WELL);
	}
	limits = "";
	end_job(DEST_WELL);
	for (unsigned i = 0; i < 40; i++) {
		clock_run(10000);
		if (njobs > 0)
			end_job(DEST_WELL);
	}
}

/* A site that is down puts off what waits for its limits, too. */
static void
test_limits_down(void **state)
{
	(void)state;
	limits = "ldown.test sessions=1 interval=1s";
	fill("smtp:ldown", 15);
	deferred = 0;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(njobs, 1);
		end_job(DEST_TROUBLE);
		clock_run(1000);
	}
	assert_int_equal(njobs, 0);
	assert_int_equal(deferred, 10);
	clock_run(DOWN_MS);
	fill("smtp:ldown", 3);
	assert_int_equal(njobs, 1);
	end_job(DEST_WELL);
	clock_run(1000);
	end_job(DEST_WELL);
	clock_run(1000);
	limits = "";
	end_job(DEST_WELL);
}

/* An administrator does not wait. */
static void
test_flush(void **state)
{
	(void)state;
	fill("smtp:flush", 5);
	while (njobs > 0)
		end_job(DEST_TROUBLE);
	deferred = 0;
	fill("smtp:flush", 1);
	assert_int_equal(deferred, 1);
	dest_flush();
	fill("smtp:flush", 1);
	assert_int_equal(njobs, 1);
	end_job(DEST_WELL);
}

/* Recipients of one message wait for each other, a tenth of a second. */
static void
test_hold(void **state)
{
	struct message *m = message(3);

	(void)state;
	m->resolving = 2;
	put(m, 0, "smtp:hold", "smtp:a");
	clock_run(99);
	assert_int_equal(njobs, 0);
	put(m, 1, "smtp:hold", "smtp:a");
	clock_run(1);
	assert_int_equal(njobs, 1);
	assert_int_equal(jobs[0].n, 2);
	end_job(DEST_WELL);
	put(m, 2, "smtp:hold", "smtp:a");
	clock_run(50);
	m->resolving = 0;
	dest_resolved();
	clock_run(0);
	assert_int_equal(njobs, 1);
	end_job(DEST_WELL);
}

/* A message of many recipients lets others pass. */
static void
test_turns(void **state)
{
	struct message *large = message(500);
	struct message *small = message(1);
	unsigned before = 0;

	(void)state;
	for (size_t i = 0; i < 500; i++)
		put(large, i, "smtp:turns", "smtp:a");
	put(small, 0, "smtp:turns", "smtp:a");
	clock_run(0);
	for (; jobs[0].message != small; before++) {
		assert_int_equal(jobs[0].n, qmgr_conf->recipients_per_job);
		end_job(DEST_WELL);
	}
	assert_true(before <= 1);
	while (njobs > 0)
		end_job(DEST_WELL);
}

/* What has no work is remembered until very many others have none. */
static void
test_forgotten(void **state)
{
	char name[64];

	(void)state;
	fill("smtp:first", 4 * START);
	while (njobs > 0)
		end_job(DEST_WELL);
	fill("smtp:known", 4 * START);
	while (njobs > 0)
		end_job(DEST_WELL);
	fill("smtp:known", LIMIT);
	assert_true(njobs > START);
	while (njobs > 0)
		end_job(DEST_WELL);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "smtp:other%u", i);
		fill(name, 1);
		end_job(DEST_WELL);
		if (i != MANY / 2)
			continue;
		fill("smtp:known", LIMIT);
		assert_true(njobs > START);
		while (njobs > 0)
			end_job(DEST_WELL);
	}
	fill("smtp:first", LIMIT);
	assert_int_equal(njobs, START);
	while (njobs > 0)
		end_job(DEST_WELL);
}

/* Also what had no work left before its time to wait was over. */
static void
test_forgotten_after_hold(void **state)
{
	struct message *m = message(1);
	char name[64];

	(void)state;
	fill("smtp:waits", 4 * START);
	while (njobs > 0)
		end_job(DEST_WELL);
	m->resolving = 1;
	put(m, 0, "smtp:waits", "smtp:a");
	clock_run(0);
	assert_int_equal(njobs, 0);
	m->resolving = 0;
	fill("smtp:waits", 1);
	assert_int_equal(njobs, 2);
	while (njobs > 0)
		end_job(DEST_WELL);
	dest_resolved();
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "smtp:newer%u", i);
		fill(name, 1);
		end_job(DEST_WELL);
	}
	fill("smtp:waits", LIMIT);
	assert_int_equal(njobs, START);
	while (njobs > 0)
		end_job(DEST_WELL);
}

/* ---- for people ---- */

static struct dest_state
state_of(const char *site)
{
	struct dest_state st;

	assert_true(dest_find(ROLE_SMTP, 0, slice_str(site), &st));
	assert_true(slice_is(st.site, site));
	return st;
}

static void
test_state(void **state)
{
	struct dest_state st;

	(void)state;
	assert_false(dest_find(ROLE_SMTP, 0, SLICE("smtp:state"), &st));
	fill("smtp:state", 5 + 2);
	assert_false(dest_find(ROLE_LOCAL, 0, SLICE("smtp:state"), &st));
	st = state_of("smtp:state");
	assert_int_equal(st.active, START);
	assert_int_equal(st.window, START);
	assert_int_equal(st.limit, LIMIT);
	assert_int_equal(st.waiting, 2);
	assert_int_equal(st.fails, 0);
	assert_int_equal(st.down_ms, 0);
	assert_false(st.probe);
	assert_null(st.shape.limit);
	while (njobs > 0)
		end_job(DEST_TROUBLE);
	st = state_of("smtp:state");
	assert_true(st.fails >= 5);
	assert_string_equal(st.why, "no route");
	assert_string_equal(st.dsn, "4.4.1");
	assert_int_equal(st.down_ms, DOWN_MS);
	assert_false(st.probe);
	assert_int_equal(st.waiting, 0);
	clock_run(DOWN_MS - 10);
	assert_int_equal(state_of("smtp:state").down_ms, 10);
	clock_run(10);
	assert_true(state_of("smtp:state").probe);
	fill("smtp:state", 1);
	assert_true(state_of("smtp:state").probe);
	end_job(DEST_WELL);
	st = state_of("smtp:state");
	assert_false(st.probe);
	assert_int_equal(st.fails, 0);
}

static void
test_state_limits(void **state)
{
	struct dest_state st;

	(void)state;
	limits = "told.test rate=2/1m sessions=2";
	fill("smtp:told", 3);
	st = state_of("smtp:told");
	assert_true(slice_is(st.shape.text, limits));
	assert_int_equal(st.shape.active, 2);
	assert_int_equal(st.shape.sent, 2);
	assert_true(st.shape.full);
	assert_int_equal(st.limit, 2);
	assert_int_equal(st.waiting, 1);
	end_job(DEST_WELL);
	end_job(DEST_WELL);
	st = state_of("smtp:told");
	assert_false(st.shape.full);
	assert_true(st.shape.wait_ms > 0 && st.shape.wait_ms <= 61000);
	clock_run(st.shape.wait_ms);
	assert_int_equal(njobs, 1);
	limits = "";
	end_job(DEST_WELL);
}

struct seen {
	unsigned all, told;
};

static void
on_seen(void *arg, const struct dest_state *st)
{
	struct seen *s = arg;

	s->all++;
	s->told += slice_starts(st->site, SLICE("smtp:visit"));
}

/* In steps each is seen once. */
static void
test_visit(void **state)
{
	struct seen whole = { 0 }, steps = { 0 };
	char site[32];
	size_t at = 0;
	unsigned calls = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(site, sizeof site, "smtp:visit%u", i);
		fill(site, 1);
		end_job(DEST_WELL);
	}
	assert_false(dest_visit(&at, SIZE_MAX, on_seen, &whole));
	assert_int_equal(whole.told, 100);
	at = 0;
	while (dest_visit(&at, 7, on_seen, &steps))
		calls++;
	assert_int_equal(steps.all, whole.all);
	assert_int_equal(steps.told, 100);
	assert_true(calls >= 5 && calls <= whole.all / 7);
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	entry_init();
	frame_conf("smtp_concurrency = 20\nsmtp_concurrency_start = 5\n"
		   "recipients_per_job = 50\n");
	settle_init(on_begin, on_ended);
	dest_init(on_deliver);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	while (nmade > 0)
		message_free(&made[--nmade]);
	free(made);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_site),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_rate),
		cmocka_unit_test(test_limits_excess),
		cmocka_unit_test(test_limits_down),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_state_limits),
		cmocka_unit_test(test_visit),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_forgotten_after_hold),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
