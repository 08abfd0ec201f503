/* SPDX-License-Identifier: ISC */
#include "log/out.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "log/metric.h"

enum {
	COLLECT_BYTES = 32768,     /* then they are written within the turn */
	WAITING_BYTES = 256 << 10, /* then lines are lost */
	WINDOW_US = 1000000,
	PATIENCE_US = 50000, /* in each window: no more than a hiccup */
};

static struct buf waiting = { .max = WAITING_BYTES };
static uint64_t untold;
static bool writable; /* the last write was taken */
static struct metric lost = { .name = "pabal_log_lines_lost",
	.help = "Log lines for which there was no room." };

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A reader that is merely busy gets a moment.  False: not now. */
static bool
wait_for_room(void)
{
	static int64_t window_us, waited_us;
	struct pollfd p = { .fd = 2, .events = POLLOUT };
	const int64_t start_us = now_us();
	int n;

	if (start_us - window_us >= WINDOW_US) {
		window_us = start_us;
		waited_us = 0;
	}
	if (waited_us >= PATIENCE_US)
		return false;
	n = poll(&p, 1, (int)((PATIENCE_US - waited_us + 999) / 1000));
	waited_us += now_us() - start_us;
	return n > 0 && (p.revents & POLLOUT) != 0;
}

static void
lose(uint64_t lines)
{
	untold += lines;
	metric_add(&lost, (int64_t)lines);
}

bool
log_out_flush(void)
{
	while (waiting.n > 0) {
		const ssize_t n = write(2, waiting.p, waiting.n);

		writable = n > 0;
		if (n > 0) {
			buf_consume(&waiting, (size_t)n);
			continue;
		}
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			if (wait_for_room())
				continue;
			return false;
		}
		for (size_t i = 0; i < waiting.n; i++)
			if (waiting.p[i] == '\n')
				lose(1);
		buf_reset(&waiting);
	}
	return true;
}

void
log_out_add(struct slice line)
{
	metric_register(&lost);
	if (waiting.n > COLLECT_BYTES)
		(void)log_out_flush();
	if (waiting.n + line.n > WAITING_BYTES)
		lose(1);
	else
		buf_add(&waiting, line);
}

uint64_t
log_out_lost(void)
{
	const uint64_t n = untold;

	if (!writable || waiting.n > 0)
		return 0;
	untold = 0;
	return n;
}
