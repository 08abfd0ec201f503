/* SPDX-License-Identifier: ISC */
#include "ev/turn.h"

#include <stddef.h>

#include "base/slice.h"
#include "log/log.h"
#include "log/metric.h"
#include "sys/clock.h"

enum {
	SAMPLE_US = 1000,        /* of turns, for each reading of the CPU */
	WARN_AGAIN_US = 1000000, /* one warning in this time */
	WHOM_BYTES = 128,
};

static struct metric_times wall = {
	.metric = { .name = "pabal_loop_turn_seconds",
	    .help = "Duration of iterations of the event loop.",
	    .type = METRIC_HISTOGRAM },
};
static struct metric_times processor = {
	.metric = { .name = "pabal_loop_turn_cpu_seconds",
	    .help = "Processor time of turns of the event loop that took a "
		    "millisecond or more.",
	    .type = METRIC_HISTOGRAM },
};

/* What was done for how long. */
struct stretch {
	const char *what; /* NULL: nobody said */
	char whom[WHOM_BYTES];
	int64_t us;
};

static struct {
	int64_t start_us;
	int64_t mark_us; /* when `now` began */
	struct stretch now;
	struct stretch longest;

	int64_t busy_us; /* since the processor time was read */
	int64_t cpu_us;

	int64_t warn_us;
	int64_t warned_us;
	uint64_t silent; /* slow turns since then */
} turn;

void
turn_set_warning(int64_t ms)
{
	turn.warn_us = ms * 1000;
}

/* A stretch ends. */
static void
account(int64_t now_us)
{
	turn.now.us = now_us - turn.mark_us;
	if (turn.now.us > turn.longest.us)
		turn.longest = turn.now;
	turn.mark_us = now_us;
}

void
turn_note(const char *what, const char *whom)
{
	account(clock_us());
	turn.now.what = what;
	(void)slice_copy(slice_sub(slice_str(whom != NULL ? whom : ""), 0,
			     sizeof turn.now.whom - 1),
	    turn.now.whom, sizeof turn.now.whom);
}

void
turn_next(void)
{
	if (turn.now.what != NULL)
		turn_note(NULL, NULL);
}

void
turn_begin(int64_t now_us)
{
	turn.start_us = turn.mark_us = now_us;
	turn.now.what = NULL;
	turn.longest.us = 0;
}

void
turn_restart(void)
{
	turn_begin(clock_us());
	turn.cpu_us = clock_cpu_us();
	turn.busy_us = 0;
}

static void
warn(int64_t us, int64_t cpu_us)
{
	const struct stretch *s = &turn.longest;

	turn.silent++;
	if (turn.warned_us != 0 &&
	    turn.mark_us - turn.warned_us < WARN_AGAIN_US)
		return;
	log_warn("loop.slow", kv_i("ms", us / 1000),
	    kv_i("cpu_ms", cpu_us / 1000),
	    kv_s("what", s->what != NULL ? s->what : "-"),
	    kv_s("account", s->what != NULL ? s->whom : ""),
	    kv_u("turns", turn.silent));
	turn.warned_us = turn.mark_us;
	turn.silent = 0;
}

void
turn_end(void)
{
	int64_t us, cpu_us, spent_us;

	account(clock_us());
	us = turn.mark_us - turn.start_us;
	metric_took(&wall, us);
	turn.busy_us += us;
	if (turn.busy_us < SAMPLE_US)
		return;
	turn.busy_us = 0;
	cpu_us = clock_cpu_us();
	spent_us = cpu_us - turn.cpu_us;
	turn.cpu_us = cpu_us;
	if (us < SAMPLE_US)
		return;
	if (spent_us > us)
		spent_us = us;
	metric_took(&processor, spent_us);
	if (turn.warn_us > 0 && us >= turn.warn_us)
		warn(us, spent_us);
}
