/* SPDX-License-Identifier: ISC */
#include "ev/work.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "sys/clock.h"

struct piece {
	struct work work;
	char name;
	unsigned left;
};

enum { STEPS = 9 }; /* of test_by_turns */

static char trace[64];

static int
fresh_loop(void **state)
{
	(void)state;
	ev_init();
	trace[0] = '\0';
	return 0;
}

static void
on_step(struct work *w)
{
	struct piece *p = OUTER(w, struct piece, work);
	const size_t n = strlen(trace);

	assert_false(work_spent());
	trace[n] = p->name;
	trace[n + 1] = '\0';
	if (--p->left > 0)
		work_queue(w);
	if (n + 1 == STEPS)
		ev_stop();
}

static void
piece_init(struct piece *p, struct work_share *share, char name, unsigned steps)
{
	*p = (struct piece){ .name = name, .left = steps };
	work_init(&p->work, share, on_step);
	work_queue(&p->work);
	work_queue(&p->work);
}

/* Who comes with much gets no more than who comes with little. */
static void
test_by_turns(void **state)
{
	struct work_share a, b;
	struct piece p[5];

	(void)state;
	work_share_init(&a);
	work_share_init(&b);
	piece_init(&p[0], &a, 'a', 3);
	piece_init(&p[1], &a, 'A', 3);
	piece_init(&p[2], &a, 'x', 1);
	piece_init(&p[3], &b, 'b', 3);
	piece_init(&p[4], &b, 'y', 1);
	work_cancel(&p[2].work);
	work_cancel(&p[4].work);
	work_cancel(&p[4].work);
	ev_run();
	assert_string_equal(trace, "abAbabAaA");
}

/* A turn goes on to sockets although work is left. */
static struct ev_timer timer;
static struct piece *long_one;

static void
on_long(struct work *w)
{
	while (!work_spent())
		;
	work_queue(w);
}

static void
on_time(struct ev_timer *t)
{
	(void)t;
	work_cancel(&long_one->work);
	ev_stop();
}

static void
test_others_come_between(void **state)
{
	struct work_share a;
	struct piece p;

	(void)state;
	work_share_init(&a);
	long_one = &p;
	work_init(&p.work, &a, on_long);
	work_queue(&p.work);
	ev_timer_init(&timer, on_time);
	ev_timer_set(&timer, 1);
	ev_run();
	assert_false(p.work.queued);
}

/* Callbacks that work in the same turn share what there is for them. */
static struct ev_task busy[4];
static unsigned ran;

static void
on_busy(struct ev_task *t)
{
	work_begin();
	if (++ran < ARRAY_LEN(busy)) {
		while (!work_spent())
			;
	} else if (ran == ARRAY_LEN(busy)) {
		assert_true(work_spent());
		ev_task_queue(t); /* in the next turn */
	} else {
		assert_false(work_spent());
		ev_stop();
	}
}

static void
test_callbacks_share(void **state)
{
	(void)state;
	ran = 0;
	for (size_t i = 0; i < ARRAY_LEN(busy); i++) {
		ev_task_init(&busy[i], on_busy);
		ev_task_queue(&busy[i]);
	}
	ev_run();
	assert_int_equal(ran, ARRAY_LEN(busy) + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_by_turns, fresh_loop),
		cmocka_unit_test_setup(test_others_come_between, fresh_loop),
		cmocka_unit_test_setup(test_callbacks_share, fresh_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
