/* SPDX-License-Identifier: ISC */
/* The stages of a recipient's delay: none is negative, and together they are
 * its message's age, whatever an agent says. */
#include "qmgr/run/delays.h"

#include "tests/clock.h"
#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/metric.h"
#include "qmgr/queue/message.h"
#include "sys/clock.h"

static struct entry entry;
static struct message message = { .entry = &entry };
static struct rcpt rcpt = { .message = &message };

static void
test_stages(void **state)
{
	/* clang-format off */
	static const struct {
		int64_t before, queue, agent; /* as it was */
		uint32_t says;                /* of connecting */
		int64_t connect, send;
	} rows[] = {
		{ 0,        0,    0,    0,          0,    0 },
		{ 40,       0,    300,  0,          0,    300 },
		{ 40,       7,    300,  120,        120,  180 },
		{ 86400000, 2000, 300,  300,        300,  0 },
		{ 40,       7,    300,  301,        300,  0 },
		{ 40,       7,    300,  UINT32_MAX, 300,  0 },
	};
	/* clang-format on */

	(void)state;
	ev_init();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct delays d;

		entry.arrived_us = clock_wall_us();
		clock_run(rows[i].before);
		message.active_ms = ev_now_ms();
		clock_run(rows[i].queue);
		rcpt.sent_ms = ev_now_ms();
		clock_run(rows[i].agent);
		rcpt.connect_ms = rows[i].says;
		d = delays_of(&rcpt);
		assert_int_equal(d.before_ms, rows[i].before);
		assert_int_equal(d.queue_ms, rows[i].queue);
		assert_int_equal(d.connect_ms, rows[i].connect);
		assert_int_equal(d.send_ms, rows[i].send);
		assert_int_equal(d.all_ms,
		    d.before_ms + d.queue_ms + d.connect_ms + d.send_ms);
	}
}

/* The wall clock was set back: what is measured by the other one stays. */
static void
test_clock_set_back(void **state)
{
	struct delays d;

	(void)state;
	entry.arrived_us = clock_wall_us();
	message.active_ms = rcpt.sent_ms = ev_now_ms();
	rcpt.connect_ms = 0;
	clock_run(50);
	clock_set_wall(-3600000);
	d = delays_of(&rcpt);
	assert_int_equal(d.all_ms, 0);
	assert_int_equal(d.before_ms, 0);
	assert_int_equal(d.send_ms, 50);
}

static void
test_metrics(void **state)
{
	const struct delays d = { .before_ms = 4000000, .connect_ms = 200 };
	struct buf b = { .max = 1 << 16 };

	(void)state;
	delays_init();
	delays_count(&d, ROLE_SMTP);
	metric_print(&b, "daemon=\"qmgr\"");
	assert_non_null(strstr(buf_cstr(&b),
	    "pabal_qmgr_delay_seconds_bucket{daemon=\"qmgr\",agent=\"smtp\","
	    "stage=\"before\",le=\"3600.0\"} 0\n"));
	assert_non_null(strstr(buf_cstr(&b),
	    "pabal_qmgr_delay_seconds_bucket{daemon=\"qmgr\",agent=\"smtp\","
	    "stage=\"before\",le=\"21600.0\"} 1\n"));
	assert_non_null(strstr(buf_cstr(&b),
	    "pabal_qmgr_delay_seconds_sum{daemon=\"qmgr\",agent=\"smtp\","
	    "stage=\"connect\"} 0.200000\n"));
	assert_non_null(strstr(buf_cstr(&b),
	    "pabal_qmgr_delay_seconds_count{daemon=\"qmgr\",agent=\"pipe\","
	    "stage=\"send\"} 0\n"));
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
