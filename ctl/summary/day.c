/* SPDX-License-Identifier: ISC */
#include "ctl/summary/day.h"

#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"

/* Words of ours, which are all printed; what strangers choose. */
enum { FEW = 200, MANY = 2000 };

const struct day_label day_totals[DAY_TOTALS] = {
#define TOTAL(id, name, text) { name, text },
#include "ctl/summary/day.def" // IWYU pragma: keep
#undef TOTAL
};

const struct day_label day_parts[DAY_PARTS] = {
#define PART(id, name, text, size) { name, text },
#include "ctl/summary/day.def" // IWYU pragma: keep
#undef PART
};

static const size_t sizes[DAY_PARTS] = {
#define PART(id, name, text, size) size,
#include "ctl/summary/day.def" // IWYU pragma: keep
#undef PART
};

/* N digits that are a number of at most MAX. */
static int
number(struct cur *c, size_t n, uint64_t max)
{
	const struct slice digits = cur_take(c, n);
	struct cur one = cur_of(digits);
	const int v = (int)cur_u64(&one, max);

	if (!cur_end(&one))
		cur_fail(c);
	return v;
}

/* "Z", "+0900" or "-03:30": seconds before UTC. */
static int
zone(struct cur *c)
{
	int sign = 1, hours, minutes;

	if (cur_try_byte(c, 'Z'))
		return 0;
	if (cur_try_byte(c, '-'))
		sign = -1;
	else
		cur_lit(c, "+");
	hours = number(c, 2, 23);
	(void)cur_try_byte(c, ':');
	minutes = number(c, 2, 59);
	return sign * (hours * 3600 + minutes * 60);
}

bool
day_of(struct slice time, char date[static DAY_BYTES])
{
	struct cur c = cur_of(time);
	struct tm tm = { .tm_isdst = 0 };
	time_t at;

	tm.tm_year = number(&c, 4, 9999) - 1900;
	cur_lit(&c, "-");
	tm.tm_mon = number(&c, 2, 12) - 1;
	cur_lit(&c, "-");
	tm.tm_mday = number(&c, 2, 31);
	cur_lit(&c, "T");
	tm.tm_hour = number(&c, 2, 23);
	cur_lit(&c, ":");
	tm.tm_min = number(&c, 2, 59);
	cur_lit(&c, ":");
	tm.tm_sec = number(&c, 2, 60);
	if (cur_try_byte(&c, '.'))
		(void)cur_while(&c, ascii_isdigit);
	at = -zone(&c);
	if (!cur_end(&c) || tm.tm_mon < 0 || tm.tm_mday < 1)
		return false;
	at += timegm(&tm);
	return gmtime_r(&at, &tm) != NULL &&
	       strftime(date, DAY_BYTES, "%Y-%m-%d", &tm) == DAY_BYTES - 1;
}

struct day *
day_new(const char *date)
{
	struct day *d = xcalloc(1, sizeof *d);

	memcpy(d->date, date, DAY_BYTES);
	for (size_t i = 0; i < DAY_PARTS; i++)
		frequent_init(&d->parts[i], sizes[i]);
	return d;
}

void
day_free(struct day **day)
{
	for (size_t i = 0; *day != NULL && i < DAY_PARTS; i++)
		frequent_fini(&(*day)->parts[i]);
	xfree(day);
}

size_t
day_shown(enum day_part part, size_t n)
{
	return sizes[part] == FEW ? FEW : n;
}

void
day_close(struct day *d, size_t n)
{
	for (size_t i = 0; i < DAY_PARTS; i++)
		frequent_trim(&d->parts[i], day_shown((enum day_part)i, n));
}
