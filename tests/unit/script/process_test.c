/* SPDX-License-Identifier: ISC */
/* Whose turn it is in which process. */
#include "script/process.h"

#include "tests/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ipc/sieve.h"
#include "tests/clock.h"
#include "tests/unit/script/fake.h"

enum { MOST = 10, SOON_MS = 10, LATE_MS = 150 };

struct someone {
	struct process_user user;
	unsigned begun, frames, gone;
	bool crashed;
};

/* ---- users ---- */

static void
on_begin(struct process_user *u)
{
	OUTER(u, struct someone, user)->begun++;
}

static bool
on_frame(struct process_user *u, struct slice frame, int fd)
{
	(void)frame;
	assert_int_equal(fd, -1);
	OUTER(u, struct someone, user)->frames++;
	return true;
}

static void
on_gone(struct process_user *u, bool crashed)
{
	struct someone *s = OUTER(u, struct someone, user);

	s->gone++;
	s->crashed = crashed;
}

static void
get(struct someone *s, const char *owner)
{
	*s = (struct someone){ .user = { .begin = on_begin,
				   .frame = on_frame,
				   .gone = on_gone } };
	assert_true(process_get(&s->user, slice_str(owner), MOST));
	clock_run(SOON_MS);
}

static void
leave(struct someone *s, bool more)
{
	process_leave(&s->user, more);
	clock_run(SOON_MS);
}

/* Those of before are idle, and end. */
static int
anew(void **state)
{
	(void)state;
	clock_run(10 * LATE_MS);
	for (unsigned i = 0; i < nopened; i++)
		if (opened[i].channel != -1) {
			assert_true(fake_is_told_to_end(i));
			close(opened[i].channel);
		}
	nopened = 0;
	return 0;
}

/* ---- */

static void
test_one_after_the_other(void **state)
{
	struct someone a, b, other;

	(void)state;
	get(&a, "a@example");
	assert_int_equal(a.begun, 1);
	assert_false(a.user.used);
	get(&other, "b@example");
	assert_int_equal(nopened, 2);
	assert_false(other.user.used);
	leave(&a, true);
	get(&b, "a@example");
	assert_int_equal(nopened, 2);
	assert_int_equal(b.begun, 1);
	assert_true(b.user.used);
	leave(&b, false);
	assert_true(fake_is_told_to_end(0));
	leave(&other, false);
}

static void
test_one_of_its_own(void **state)
{
	struct someone a, alone = { .user = { .begin = on_begin,
					.frame = on_frame,
					.gone = on_gone } };
	struct someone zero = alone;

	(void)state;
	get(&a, "a@example");
	leave(&a, true);
	assert_true(process_get(&alone.user, SLICE("a@example"), 1));
	assert_true(process_get(&zero.user, SLICE("a@example"), 0));
	clock_run(SOON_MS);
	assert_int_equal(nopened, 3);
	assert_int_equal(alone.begun, 1);
	assert_false(alone.user.used || zero.user.used);
	leave(&alone, true);
	leave(&zero, true);
	assert_true(fake_is_told_to_end(1));
	assert_true(fake_is_told_to_end(2));
	assert_false(fake_is_told_to_end(0));
}

static void
test_turns(void **state)
{
	struct someone a, b, c, d;

	(void)state;
	get(&a, "a@example");
	get(&b, "a@example");
	get(&c, "a@example");
	get(&d, "a@example");
	assert_int_equal(nopened, 1);
	assert_int_equal(b.begun + c.begun + d.begun, 0);
	/* Who only waits says nothing, and may go. */
	assert_false(process_say(
	    &b.user, &(const struct msg){ .type = MSG_sieve_told }));
	leave(&c, false);
	leave(&a, true);
	assert_int_equal(b.begun, 1);
	assert_int_equal(d.begun, 0);
	leave(&b, true);
	assert_int_equal(d.begun, 1);
	assert_int_equal(c.begun + c.gone, 0);
	assert_int_equal(nopened, 1);
	leave(&d, false);
}

/* It says that it takes no other: who waits gets a new one. */
static void
test_no_more(void **state)
{
	struct someone a, b;

	(void)state;
	get(&a, "a@example");
	get(&b, "a@example");
	leave(&a, false);
	assert_int_equal(nopened, 2);
	assert_int_equal(b.begun, 1);
	assert_false(b.user.used);
	leave(&b, false);
}

static void
test_so_many_at_most(void **state)
{
	struct someone s;

	(void)state;
	for (unsigned i = 0; i < MOST; i++) {
		get(&s, "a@example");
		leave(&s, true);
		assert_int_equal(nopened, 1);
	}
	assert_true(fake_is_told_to_end(0));
	get(&s, "a@example");
	assert_int_equal(nopened, 2);
	leave(&s, false);
}

static void
test_so_long_at_most(void **state)
{
	struct someone a, b;

	(void)state;
	get(&a, "a@example");
	clock_run(SIEVE_PROCESS_MS);
	leave(&a, true);
	assert_true(fake_is_told_to_end(0));
	get(&b, "a@example");
	assert_int_equal(nopened, 2);
	leave(&b, true);
	/* It grows too old while nobody has it, or another one has it. */
	get(&a, "b@example");
	clock_run(SIEVE_PROCESS_MS - 20);
	leave(&a, true);
	clock_run(40);
	get(&b, "b@example");
	assert_int_equal(nopened, 4);
	clock_run(SIEVE_PROCESS_MS);
	get(&a, "b@example");
	assert_int_equal(nopened, 5);
	leave(&a, false);
	leave(&b, false);
}

static void
test_idle(void **state)
{
	struct someone a;

	(void)state;
	get(&a, "a@example");
	leave(&a, true);
	assert_false(fake_is_told_to_end(0));
	clock_run(LATE_MS);
	assert_true(fake_is_told_to_end(0));
}

/* Nobody waits long for one that takes long. */
static void
test_slow(void **state)
{
	struct someone a, b, c;

	(void)state;
	get(&a, "a@example");
	get(&b, "a@example");
	get(&c, "a@example");
	clock_run(LATE_MS);
	assert_int_equal(nopened, 2);
	assert_int_equal(b.begun, 1);
	assert_int_equal(c.begun, 0);
	leave(&b, true);
	assert_int_equal(c.begun, 1);
	assert_int_equal(nopened, 2);
	leave(&a, false);
	leave(&c, false);
}

static void
test_crash(void **state)
{
	struct someone a, b;

	(void)state;
	get(&a, "a@example");
	get(&b, "a@example");
	/* Its last words count, and whether it crashed its parent says. */
	must(write(opened[0].channel, "word", 4) == 4);
	shutdown(opened[0].channel, SHUT_RDWR);
	clock_run(SOON_MS);
	assert_int_equal(a.frames, 1);
	assert_int_equal(a.gone, 0);
	fake_end(0, true);
	clock_run(SOON_MS);
	assert_int_equal(a.gone, 1);
	assert_true(a.crashed);
	assert_int_equal(b.gone, 0);
	assert_int_equal(b.begun, 1);
	assert_false(b.user.used);
	fake_end(1, false);
	clock_run(SOON_MS);
	assert_int_equal(b.gone, 1);
	assert_false(b.crashed);
}

/* In nobody's turn it has nothing to say. */
static void
test_idle_ones_are_silent(void **state)
{
	struct someone a, b;

	(void)state;
	get(&a, "a@example");
	leave(&a, true);
	must(write(opened[0].channel, "word", 4) == 4);
	clock_run(SOON_MS);
	assert_true(fake_is_told_to_end(0));
	assert_int_equal(a.frames, 0);
	get(&b, "a@example");
	assert_int_equal(nopened, 2);
	leave(&b, false);
}

static void
test_idle_ones_make_room(void **state)
{
	struct someone s;
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		char owner[] = { 'a', (char)('A' + i), '\0' };

		s = (struct someone){ .user = { .begin = on_begin,
					  .frame = on_frame,
					  .gone = on_gone } };
		assert_true(process_get(&s.user, slice_str(owner), MOST));
		clock_run(1);
		process_leave(&s.user, true);
		clock_run(1);
	}
	for (unsigned i = 0; i < nopened; i++)
		left += !fake_is_told_to_end(i);
	assert_int_equal(nopened, 40);
	assert_int_equal(left, 16);
}

static void
test_sieverun_is_gone(void **state)
{
	struct someone a;

	(void)state;
	get(&a, "a@example");
	ipc_drop(opened[0].peer, NULL);
	clock_run(SOON_MS);
	assert_int_equal(a.gone, 1);
	assert_false(a.crashed);
}

#define T(name) cmocka_unit_test_setup(test_##name, anew)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(one_after_the_other),
		T(one_of_its_own), T(turns), T(no_more), T(so_many_at_most),
		T(so_long_at_most), T(idle), T(slow), T(crash),
		T(idle_ones_are_silent), T(idle_ones_make_room),
		T(sieverun_is_gone) };

	return cmocka_run_group_tests(tests, fake_setup, NULL);
}
