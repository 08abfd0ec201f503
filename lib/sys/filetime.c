/* SPDX-License-Identifier: ISC */
#include "sys/filetime.h"

#include <sys/stat.h>
#include <time.h>

enum { SECOND_NS = 1000000000 };

static int64_t
ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

int64_t
filetime_now_ns(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_REALTIME_COARSE, &t) == 0 ? ns_of(t) : 0;
}

int64_t
filetime_changed_ns(const struct stat *st)
{
	return ns_of(st->st_ctim);
}
