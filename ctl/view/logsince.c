/* SPDX-License-Identifier: ISC */
#include "ctl/view/logsince.h"

#include <string.h>
#include <time.h>

#include "base/cur.h"
#include "log/keys.h"

enum { AGE_MAX = 100000 };

/* What is not said is as early as can be. */
static const char earliest[LOGSET_SINCE_BYTES] = "0000-01-01T00:00:00.000000Z";

/* Whole numbers of it, from the year on. */
static bool
is_whole(size_t n)
{
	return n == LOG_TIME_BYTES || (n >= 4 && n <= 19 && n % 3 == 1);
}

static bool
parse_time(struct slice text, char *since)
{
	if (text.n > 13 && text.n < LOG_TIME_BYTES &&
	    slice_ends(text, SLICE("Z")))
		text.n--;
	if (!is_whole(text.n))
		return false;
	memcpy(since, earliest, LOGSET_SINCE_BYTES);
	memcpy(since, text.p, text.n);
	if (since[10] == ' ')
		since[10] = 'T';
	return log_time_of(slice_of(since, LOG_TIME_BYTES)).n > 0;
}

static int64_t
unit_s(int unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7L * 86400;
	default:
		return 0;
	}
}

bool
logsince_parse(
    struct slice text, int64_t now_s, char since[static LOGSET_SINCE_BYTES])
{
	struct cur c = cur_of(text);
	const int64_t n = (int64_t)cur_u64(&c, AGE_MAX);
	const int64_t unit = unit_s(cur_byte(&c));
	struct tm tm;
	time_t then;

	if (!cur_end(&c) || unit == 0)
		return parse_time(text, since);
	then = now_s > n * unit ? now_s - n * unit : 0;
	return gmtime_r(&then, &tm) != NULL &&
	       strftime(since, LOGSET_SINCE_BYTES, "%Y-%m-%dT%H:%M:%S.000000Z",
		   &tm) == LOG_TIME_BYTES;
}
