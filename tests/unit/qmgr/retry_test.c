/* SPDX-License-Identifier: ISC */
/* How long a message waits, and that many do not come back together. */
#include "qmgr/run/retry.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "qmgr/queue/message.h"
#include "queue/envelope.h"
#include "tests/unit/qmgr/frame.h"

static const int64_t minute = 60000;

static void
set_schedule(const char *schedule)
{
	char text[100];

	snprintf(text, sizeof text, "retry_schedule = %s\n", schedule);
	frame_conf(text);
}

/* Of 10,000 messages that failed in one moment, by ids as the spool gives them,
 * no second of the thirty gets much more than its share. */
static void
test_spread(void **state)
{
	enum { MANY = 10000, SECONDS = 30 };
	unsigned per_second[SECONDS + 1] = { 0 };
	char id[ENVELOPE_ID_BYTES];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		int64_t ms;

		snprintf(id, sizeof id, "6a1b2c3d4e%05x", i);
		ms = retry_spread_ms(id, 0, 5 * minute);
		assert_int_equal(ms, retry_spread_ms(id, 0, 5 * minute));
		assert_in_range(ms, 5 * minute, 5 * minute + minute / 2);
		per_second[(ms - 5 * minute) / 1000]++;
	}
	for (unsigned i = 0; i < SECONDS; i++)
		assert_in_range(
		    per_second[i], MANY / SECONDS / 2, MANY / SECONDS * 3 / 2);
}

static struct rcpt rcpts[3];
static struct rcpt *list[] = { &rcpts[0], &rcpts[1], &rcpts[2] };
static struct entry entry = { .id = "abc" };
static struct message message = {
	.entry = &entry, .rcpts = list, .nrcpts = ARRAY_LEN(list)
};

/* MS and up to a tenth. */
static void
check_wait(uint32_t attempts, int64_t ms)
{
	entry.attempts = attempts;
	assert_in_range(retry_wait_ms(&message), ms, ms + ms / 10);
}

static void
reset(void)
{
	message.paused = 0;
	message.soon = false;
	for (size_t i = 0; i < ARRAY_LEN(rcpts); i++)
		rcpts[i] = (struct rcpt){ .message = &message,
			.state = RCPT_DEFERRED };
}

static void
test_schedule(void **state)
{
	(void)state;
	set_schedule("5m 10m 1h");
	reset();
	check_wait(0, 5 * minute);
	check_wait(1, 10 * minute);
	check_wait(2, 60 * minute);
	check_wait(100, 60 * minute);
	assert_int_equal(retry_longest_ms(), 66 * minute);
	message.soon = true;
	assert_int_equal(retry_wait_ms(&message), 2000);
	/* which does not hammer for days */
	entry.soons = 44;
	assert_int_equal(retry_wait_ms(&message), 2000);
	entry.soons = 48;
	assert_int_equal(retry_wait_ms(&message), 16000);
	entry.soons = UINT8_MAX;
	assert_int_equal(retry_wait_ms(&message), 512000);
	entry.soons = 0;
	/* one entry is a schedule, too */
	set_schedule("30m");
	reset();
	check_wait(0, 30 * minute);
	check_wait(100, 30 * minute);
}

/* A site's own; where recipients differ the first that is due decides. */
static void
test_own(void **state)
{
	(void)state;
	set_schedule("10m 1h");
	reset();
	for (size_t i = 0; i < ARRAY_LEN(rcpts); i++)
		rcpts[i].limits = SLICE("a.test retry=20m,40m,3h");
	check_wait(0, 20 * minute);
	check_wait(1, 40 * minute);
	/* nothing waits longer than retry_schedule has it */
	check_wait(2, 60 * minute);
	rcpts[1].limits = SLICE("");
	check_wait(0, 10 * minute);
	/* who is delivered has no say */
	rcpts[1].state = RCPT_RELAYED;
	check_wait(0, 20 * minute);
	rcpts[0].limits = SLICE("a.test sessions=1");
	check_wait(0, 10 * minute);
}

/* What was not tried is no attempt, unless something else was. */
static void
test_paused(void **state)
{
	(void)state;
	set_schedule("10m 1h");
	reset();
	rcpts[0].state = RCPT_RELAYED;
	retry_pause(&message, 0);
	assert_false(retry_is_paused(&message));
	retry_pause(&message, 7 * minute);
	assert_false(retry_is_paused(&message));
	check_wait(0, 10 * minute);
	retry_pause(&message, 5 * minute);
	assert_true(retry_is_paused(&message));
	check_wait(0, 5 * minute);
	message.pause_ms = 500 * minute;
	check_wait(0, 60 * minute);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
