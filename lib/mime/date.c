/* SPDX-License-Identifier: ISC */
#include "mime/date.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"

static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May",
	"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const day_names[] = { "Thu", "Fri", "Sat", "Sun", "Mon",
	"Tue", "Wed" }; /* 1970-01-01 was a Thursday */

/* clang-format off */
static const struct {
	const char *name;
	int zone_min;
} zones[] = {
	{ "UT",  0 },       { "GMT", 0 },       { "UTC", 0 },       { "Z", 0 },
	{ "EST", -5 * 60 }, { "EDT", -4 * 60 }, { "CST", -6 * 60 },
	{ "CDT", -5 * 60 }, { "MST", -7 * 60 }, { "MDT", -6 * 60 },
	{ "PST", -8 * 60 }, { "PDT", -7 * 60 }, { "KST", 9 * 60 },
	{ "JST", 9 * 60 },  { "CET", 60 },      { "CEST", 2 * 60 },
};
/* clang-format on */

struct clock {
	int year, month, day; /* month 1 to 12 */
	int hour, min, sec;
	int zone_min;
};

/* Days since 1970-01-01 (proleptic Gregorian); years of 400 years' eras begin
 * in March, so that the leap day is the last. */
static int64_t
days_from_civil(int64_t y, int month, int day)
{
	int64_t era, yoe, doy;

	y -= month <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void
civil_from_days(int64_t days, struct clock *k)
{
	const int64_t z = days + 719468;
	const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	const int64_t doe = z - era * 146097;
	const int64_t yoe =
	    (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	const int64_t mp = (5 * doy + 2) / 153;

	k->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	k->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	k->year = (int)(yoe + era * 400 + (k->month <= 2));
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* A leap second counts as the second before it. */
static bool
to_date(struct clock *k, struct date *d)
{
	if (k->month < 1 || k->day < 1 ||
	    k->day > month_days(k->year, k->month) || k->hour > 23 ||
	    k->min > 59 || k->sec > 60)
		return false;
	if (k->sec == 60)
		k->sec = 59;
	d->zone_min = k->zone_min;
	d->time_s = days_from_civil(k->year, k->month, k->day) * 86400 +
		    k->hour * 3600 + (k->min - k->zone_min) * 60 + k->sec;
	return true;
}

static void
from_date(const struct date *d, struct clock *k)
{
	const int64_t local = d->time_s + (int64_t)d->zone_min * 60;
	const int64_t day = floor_div(local, 86400);
	const int in_day = (int)(local - day * 86400);

	civil_from_days(day, k);
	k->hour = in_day / 3600;
	k->min = in_day / 60 % 60;
	k->sec = in_day % 60;
	k->zone_min = d->zone_min;
}

static void
skip_cfws(struct cur *c)
{
	size_t depth = 0;

	while (cur_left(c) > 0) {
		const char b = (char)cur_peek(c);

		if (depth == 0 && b != '(' && !ascii_isspace(b))
			return;
		depth += b == '(';
		depth -= b == ')';
		cur_byte(c);
		if (b == '\\' && cur_left(c) > 0)
			cur_byte(c);
	}
}

/* "Jan" to "Dec", longer names too; 0 and failed otherwise. */
static int
read_month(struct cur *c)
{
	const struct slice word = cur_while(c, ascii_isalpha);

	for (int m = 0; m < 12; m++)
		if (slice_istarts(word, slice_of(months + m * 3, 3)))
			return m + 1;
	cur_fail(c);
	return 0;
}

/* Exactly N digits. */
static int
read_fixed(struct cur *c, size_t n)
{
	const struct slice digits = cur_take(c, n);
	struct cur d = cur_of(digits);
	const int v = (int)cur_u64(&d, 99999);

	if (!cur_end(&d))
		cur_fail(c);
	return v;
}

/* ("+" / "-") 4DIGIT, in minutes */
static int
read_offset(struct cur *c)
{
	const bool west = cur_try_byte(c, '-');
	int hour, min;

	if (!west)
		cur_lit(c, "+");
	hour = read_fixed(c, 2);
	min = read_fixed(c, 2);
	if (hour > 23 || min > 59)
		cur_fail(c);
	return west ? -(hour * 60 + min) : hour * 60 + min;
}

/* Unknown names and military letters mean -0000 (RFC 5322 4.3), as does a
 * zone that is missing or past the day. */
static int
read_zone(struct cur *c)
{
	struct cur probe = *c;
	const int offset = read_offset(&probe);
	struct slice name;

	if (cur_ok(&probe)) {
		*c = probe;
		return offset;
	}
	name = cur_while(c, ascii_isalpha);
	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (slice_iis(name, zones[i].name))
			return zones[i].zone_min;
	return 0;
}

/* Two digits: 00 to 49 are 20xx; three: 1900 is added. RFC 5322 4.3 */
static int
read_year(struct cur *c)
{
	const struct slice digits = cur_while(c, ascii_isdigit);
	struct cur d = cur_of(digits);
	const int y = (int)cur_u64(&d, 9999);

	if (!cur_end(&d) || digits.n < 2)
		cur_fail(c);
	if (digits.n == 2)
		return y < 50 ? 2000 + y : 1900 + y;
	return digits.n == 3 ? 1900 + y : y;
}

static void
read_time(struct cur *c, struct clock *k)
{
	k->hour = (int)cur_u64(c, 23);
	skip_cfws(c);
	if (!cur_try_byte(c, ':') && !cur_try_byte(c, '.'))
		cur_fail(c);
	skip_cfws(c);
	k->min = (int)cur_u64(c, 59);
	skip_cfws(c);
	if (!cur_try_byte(c, ':') && !cur_try_byte(c, '.'))
		return;
	skip_cfws(c);
	k->sec = (int)cur_u64(c, 60);
	skip_cfws(c);
}

bool
date_parse(struct slice s, struct date *d)
{
	struct cur c = cur_of(s);
	struct clock k = { 0 };

	skip_cfws(&c);
	cur_while(&c, ascii_isalpha); /* the weekday is not believed */
	skip_cfws(&c);
	cur_try_byte(&c, ',');
	skip_cfws(&c);
	k.day = (int)cur_u64(&c, 31);
	skip_cfws(&c);
	cur_try_byte(&c, '-');
	k.month = read_month(&c);
	skip_cfws(&c);
	cur_try_byte(&c, '-');
	k.year = read_year(&c);
	skip_cfws(&c);
	read_time(&c, &k);
	if (cur_ok(&c))
		k.zone_min = read_zone(&c);
	return cur_ok(&c) && to_date(&k, d);
}

/* date-day-fixed with one digit and no space, too: so phones write it. */
static void
read_imap_day(struct cur *c, struct clock *k)
{
	struct slice digits;
	struct cur d;

	cur_try_byte(c, ' ');
	digits = cur_while(c, ascii_isdigit);
	d = cur_of(digits);
	k->day = (int)cur_u64(&d, 31);
	if (!cur_end(&d) || digits.n > 2)
		cur_fail(c);
	cur_lit(c, "-");
	k->month = read_month(c);
	cur_lit(c, "-");
	k->year = read_fixed(c, 4);
}

/* IMAP2's zone-name, which is not believed unless it is known. */
static int
read_imap_zone(struct cur *c)
{
	const struct slice rest = cur_rest(c);

	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (slice_iis(rest, zones[i].name)) {
			cur_take(c, rest.n);
			return zones[i].zone_min;
		}
	return read_offset(c);
}

bool
date_parse_imap_time(struct slice s, struct date *d)
{
	struct cur c = cur_of(s);
	struct clock k = { 0 };

	read_imap_day(&c, &k);
	cur_lit(&c, " ");
	k.hour = (int)cur_u64(&c, 23);
	cur_lit(&c, ":");
	k.min = read_fixed(&c, 2);
	cur_lit(&c, ":");
	k.sec = read_fixed(&c, 2);
	cur_lit(&c, " ");
	k.zone_min = read_imap_zone(&c);
	return cur_end(&c) && to_date(&k, d);
}

bool
date_parse_imap_day(struct slice s, int64_t *day)
{
	struct cur c = cur_of(s);
	struct clock k = { 0 };
	struct date d;

	read_imap_day(&c, &k);
	if (!cur_end(&c) || !to_date(&k, &d))
		return false;
	*day = date_day(&d);
	return true;
}

int64_t
date_day(const struct date *d)
{
	return floor_div(d->time_s + (int64_t)d->zone_min * 60, 86400);
}

static char *
put_two(char *to, int v)
{
	to[0] = (char)('0' + v / 10 % 10);
	to[1] = (char)('0' + v % 10);
	return to + 2;
}

/* Written for each message of a long list: printf would cost more than all the
 * rest of its answer. */
static void
put_time(struct buf *out, const struct clock *k)
{
	const int zone = k->zone_min < 0 ? -k->zone_min : k->zone_min;
	char text[24], *to = text;

	to = put_two(to, k->year / 100);
	to = put_two(to, k->year);
	*to++ = ' ';
	to = put_two(to, k->hour);
	*to++ = ':';
	to = put_two(to, k->min);
	*to++ = ':';
	to = put_two(to, k->sec);
	*to++ = ' ';
	*to++ = k->zone_min < 0 ? '-' : '+';
	to = put_two(to, zone / 60);
	to = put_two(to, zone % 60);
	buf_add(out, slice_of(text, (size_t)(to - text)));
}

void
date_put(struct buf *out, const struct date *d)
{
	const int64_t day = date_day(d);
	struct clock k;

	from_date(d, &k);
	buf_addf(out, "%s, %d %s ",
	    day_names[(int)(day - floor_div(day, 7) * 7)], k.day,
	    month_names[k.month - 1]);
	put_time(out, &k);
}

void
date_put_imap(struct buf *out, const struct date *d)
{
	struct clock k;

	from_date(d, &k);
	if (k.day < 10)
		buf_addc(out, ' ');
	buf_addu(out, (uint64_t)k.day);
	buf_addc(out, '-');
	buf_adds(out, month_names[k.month - 1]);
	buf_addc(out, '-');
	put_time(out, &k);
}
