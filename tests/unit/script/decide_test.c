/* SPDX-License-Identifier: ISC */
/* Which process' end says something of a script. */
#include "script/decide.h"

#include "tests/unit.h"

#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "script/script.h"
#include "script/worker.h"
#include "tests/clock.h"
#include "tests/unit/script/fake.h"

enum { SOON_MS = 10, SIZE = 100 };

static const struct account_script script = { .account = -1 };

struct delivery {
	struct script_decide decide;
	struct arena arena;
	unsigned said, done;
	enum sieve_end status;
	char why[100];
};

static struct account *
on_account(struct script_decide *d)
{
	(void)d;
	return NULL;
}

static bool
on_say(struct script_decide *d, struct script_worker *w)
{
	OUTER(d, struct delivery, decide)->said++;
	return WORKER_SAY(w, sieve_run, .account = SLICE("a@example.org"));
}

static void
on_done(struct script_decide *d, enum sieve_end status, const char *why)
{
	struct delivery *one = OUTER(d, struct delivery, decide);

	one->done++;
	one->status = status;
	(void)slice_copy(slice_str(why), one->why, sizeof one->why);
}

static const struct decide_ops ops = { on_account, on_say, on_done };

static void
begin(struct delivery *one, uint64_t most)
{
	*one = (struct delivery){ .decide = { .ops = &ops,
				      .script = &script,
				      .owner = SLICE("a@example.org"),
				      .size = SIZE,
				      .most = most,
				      .arena = &one->arena } };
	arena_init(&one->arena);
	decide_begin(&one->decide);
	clock_run(SOON_MS);
}

static void
fini(struct delivery *one)
{
	decide_end(&one->decide);
	arena_fini(&one->arena);
	clock_run(SOON_MS);
}

/* Process I says how it ended. */
static void
say_end(unsigned i, enum sieve_end status, bool more)
{
	const struct msg m = { .type = MSG_sieve_done,
		.sieve_done = { .status = status, .more = more } };
	struct buf frame = { .max = MSG_MAX_BYTES };
	int fd = -1;

	must(msg_put(&m, &frame, &fd));
	must(send(opened[i].channel, frame.p, frame.n, 0) == (ssize_t)frame.n);
	buf_fini(&frame);
	clock_run(SOON_MS);
}

static void
say_done(unsigned i, bool more)
{
	say_end(i, SIEVE_END_DONE, more);
}

static void
test_one_that_served_another_crashes(void **state)
{
	struct delivery first, second;

	(void)state;
	nopened = 0;
	begin(&first, 64);
	say_done(0, true);
	assert_int_equal(first.done, 1);
	assert_int_equal(first.status, SIEVE_END_DONE);
	fini(&first);
	begin(&second, 64);
	assert_int_equal(nopened, 1);
	assert_int_equal(second.said, 1);
	fake_end(0, true);
	clock_run(SOON_MS);
	assert_int_equal(second.done, 0);
	assert_int_equal(nopened, 2);
	assert_int_equal(second.said, 2);
	/* That one is its own. */
	say_done(1, true);
	assert_int_equal(second.status, SIEVE_END_DONE);
	assert_true(fake_is_told_to_end(1));
	fini(&second);
}

/* It says what no process says. */
static void
test_one_that_served_another_lies(void **state)
{
	struct delivery first, second;

	(void)state;
	nopened = 0;
	begin(&first, 64);
	say_done(0, true);
	fini(&first);
	begin(&second, 64);
	must(send(opened[0].channel, "nonsense", 8, 0) == 8);
	clock_run(SOON_MS);
	assert_true(fake_is_told_to_end(0));
	assert_int_equal(second.done, 0);
	assert_int_equal(nopened, 2);
	/* In its own it is the message's or the script's fault. */
	fake_end(1, true);
	clock_run(SOON_MS);
	assert_int_equal(second.done, 1);
	assert_int_equal(second.status, SIEVE_END_FAILED);
	assert_string_equal(second.why, "the interpreter crashed");
	assert_int_equal(nopened, 2);
	fini(&second);
}

static void
test_a_process_for_each(void **state)
{
	struct delivery one;

	(void)state;
	nopened = 0;
	for (unsigned i = 0; i < 3; i++) {
		begin(&one, 1);
		assert_int_equal(nopened, i + 1);
		say_done(i, true);
		assert_int_equal(one.status, SIEVE_END_DONE);
		assert_true(fake_is_told_to_end(i));
		fini(&one);
	}
	/* Its first: what happens there counts at once. */
	begin(&one, 64);
	fake_end(3, false);
	clock_run(SOON_MS);
	assert_int_equal(one.status, SIEVE_END_LATER);
	assert_int_equal(nopened, 4);
	fini(&one);
}

/* One that has no tables of charsets says so, and another has them. */
static void
test_charsets(void **state)
{
	struct delivery first, second, third;

	(void)state;
	nopened = 0;
	begin(&first, 64);
	assert_false(opened[0].charsets);
	say_end(0, SIEVE_END_CHARSETS, false);
	assert_int_equal(first.done, 0);
	assert_int_equal(nopened, 2);
	assert_true(opened[1].charsets);
	say_done(1, true);
	assert_int_equal(first.status, SIEVE_END_DONE);
	/* The next has the same. */
	begin(&second, 64);
	assert_int_equal(nopened, 2);
	say_done(1, false);
	assert_int_equal(second.status, SIEVE_END_DONE);
	/* It says so again and again. */
	begin(&third, 64);
	say_end(2, SIEVE_END_CHARSETS, false);
	say_end(3, SIEVE_END_CHARSETS, false);
	assert_int_equal(third.status, SIEVE_END_LATER);
	assert_int_equal(nopened, 4);
	fini(&first);
	fini(&second);
	fini(&third);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_served_another_crashes),
		cmocka_unit_test(test_one_that_served_another_lies),
		cmocka_unit_test(test_a_process_for_each),
		cmocka_unit_test(test_charsets),
	};

	return cmocka_run_group_tests(tests, fake_setup, NULL);
}
