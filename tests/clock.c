/* SPDX-License-Identifier: ISC */
#include "tests/clock.h"

#include <dlfcn.h>
#include <sys/epoll.h>

#include "ev/loop.h"
#include "sys/clock.h"

enum { SECOND_US = 1000000, OUTSIDE_MS = 100 };

static struct {
	int64_t us;      /* monotonic */
	int64_t end_us;  /* clock_run returns */
	int64_t wall_us; /* the wall clock is ahead by this */
	bool (*busy)(void);
} now = { .us = SECOND_US, .wall_us = 1700000000LL * SECOND_US };

int64_t
clock_us(void)
{
	return now.us;
}

int64_t
clock_ms(void)
{
	return now.us / 1000;
}

int64_t
clock_cpu_us(void)
{
	return 0;
}

int64_t
clock_wall_us(void)
{
	return now.us + now.wall_us;
}

int64_t
clock_wall_s(void)
{
	return clock_wall_us() / SECOND_US;
}

int
epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	__typeof__(&epoll_wait) real =
	    (__typeof__(&epoll_wait))dlsym(RTLD_NEXT, "epoll_wait");
	const int n = real(epfd, events, max, 0);

	if (n != 0 || timeout == 0)
		return n;
	if (now.busy != NULL && now.busy())
		return real(epfd, events, max, OUTSIDE_MS);
	if (timeout > 0 && now.us + timeout * 1000LL <= now.end_us)
		now.us += timeout * 1000LL;
	else {
		now.us = now.end_us;
		ev_stop();
	}
	return 0;
}

void
clock_run(int64_t ms)
{
	now.end_us = now.us + ms * 1000;
	ev_run();
}

void
clock_wait_while(bool (*busy)(void))
{
	now.busy = busy;
}

void
clock_set_wall(int64_t ms)
{
	now.wall_us += ms * 1000;
}
