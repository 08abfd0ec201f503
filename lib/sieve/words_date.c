/* SPDX-License-Identifier: ISC */
/* date and currentdate (RFC 5260 4). */
#include <stdio.h>
#include <time.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mime/date.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/parts.h"
#include "sieve/words.h"

enum { MJD_OF_1970 = 40587, TEXT_MAX = 64 };

/* A date as clocks of its zone show it. */
struct shown_date {
	struct date d;
	struct tm tm;
};

static void
part_zone(const struct shown_date *s, struct buf *b)
{
	const int z = s->d.zone_min < 0 ? -s->d.zone_min : s->d.zone_min;

	buf_addf(
	    b, "%c%02d%02d", s->d.zone_min < 0 ? '-' : '+', z / 60, z % 60);
}

static void
part_date(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%04d-%02d-%02d", s->tm.tm_year + 1900, s->tm.tm_mon + 1,
	    s->tm.tm_mday);
}

static void
part_time(const struct shown_date *s, struct buf *b)
{
	buf_addf(
	    b, "%02d:%02d:%02d", s->tm.tm_hour, s->tm.tm_min, s->tm.tm_sec);
}

static void
part_iso8601(const struct shown_date *s, struct buf *b)
{
	const int z = s->d.zone_min < 0 ? -s->d.zone_min : s->d.zone_min;

	part_date(s, b);
	buf_addc(b, 'T');
	part_time(s, b);
	buf_addf(
	    b, "%c%02d:%02d", s->d.zone_min < 0 ? '-' : '+', z / 60, z % 60);
}

static void
part_std11(const struct shown_date *s, struct buf *b)
{
	date_put(b, &s->d);
}

static void
part_julian(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%lld", (long long)date_day(&s->d) + MJD_OF_1970);
}

static void
part_year(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%04d", s->tm.tm_year + 1900);
}

static void
part_month(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%02d", s->tm.tm_mon + 1);
}

static void
part_day(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%02d", s->tm.tm_mday);
}

static void
part_hour(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%02d", s->tm.tm_hour);
}

static void
part_minute(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%02d", s->tm.tm_min);
}

static void
part_second(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%02d", s->tm.tm_sec);
}

static void
part_weekday(const struct shown_date *s, struct buf *b)
{
	buf_addf(b, "%d", s->tm.tm_wday);
}

static const struct {
	const char *name;
	void (*put)(const struct shown_date *s, struct buf *b);
} parts[] = {
	{ "year", part_year },
	{ "month", part_month },
	{ "day", part_day },
	{ "date", part_date },
	{ "julian", part_julian },
	{ "hour", part_hour },
	{ "minute", part_minute },
	{ "second", part_second },
	{ "time", part_time },
	{ "iso8601", part_iso8601 },
	{ "std11", part_std11 },
	{ "zone", part_zone },
	{ "weekday", part_weekday },
};

struct date_test {
	struct sieve_selected selected;
	struct sieve_exec *x;
	struct sieve_match match;
	struct slice part;
	bool original;
	int zone_min;
};

/* "+hhmm" */
static bool
parse_zone(struct slice s, int *min)
{
	if (s.n != 5 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	for (size_t i = 1; i < 5; i++)
		if (!ascii_isdigit(s.p[i]))
			return false;
	*min = ((s.p[1] - '0') * 10 + s.p[2] - '0') * 60 + (s.p[3] - '0') * 10 +
	       s.p[4] - '0';
	if (*min >= 24 * 60)
		return false;
	if (s.p[0] == '-')
		*min = -*min;
	return true;
}

static int
match_date(struct date_test *t, struct date d)
{
	struct shown_date s;
	time_t local;

	if (!t->original)
		d.zone_min = t->zone_min;
	s.d = d;
	local = (time_t)(d.time_s + d.zone_min * 60);
	if (gmtime_r(&local, &s.tm) == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct buf b;
		struct slice value;

		if (!slice_iis(t->part, parts[i].name))
			continue;
		buf_init(&b, TEXT_MAX);
		parts[i].put(&s, &b);
		value = arena_slice(&t->x->tmp, buf_slice(&b));
		buf_fini(&b);
		return sieve_match_value(t->x, &t->match, value);
	}
	return 0;
}

/* A date-time at the end of the value, as in Received. */
static int
on_field(struct sieve_selected *s, size_t i)
{
	struct date_test *t = OUTER(s, struct date_test, selected);
	const struct sieve_field *f = &t->x->message->fields.list[i];
	const size_t semi = slice_rfind(f->value, ';');
	struct date d;

	if (!date_parse(
		semi < f->value.n ? slice_from(f->value, semi + 1) : f->value,
		&d))
		return 0;
	return match_date(t, d);
}

static int
begin(struct sieve_exec *x, const struct sieve_call *c, struct date_test *t,
    const struct sieve_operand *part, const struct sieve_operand *keys)
{
	const struct sieve_operand *zone = sieve_call_tag(c, SIEVE_TAG_ZONE);
	struct slice text;

	*t = (struct date_test){ .selected = { on_field },
		.x = x,
		.original = sieve_call_has(c, SIEVE_TAG_ORIGINALZONE),
		.zone_min = x->env->now.zone_min };
	if (sieve_match_init(x, &t->match, c, keys) == -1 ||
	    sieve_exec_string(x, part, &t->part) == -1)
		return -1;
	if (zone == NULL)
		return 0;
	if (sieve_exec_string(x, zone, &text) == -1)
		return -1;
	if (!parse_zone(text, &t->zone_min))
		return sieve_exec_fail(x,
		    "'%.*s' is no time zone: expected +hhmm or -hhmm",
		    (int)(text.n > 40 ? 40 : text.n), text.p);
	return 0;
}

int
sieve_do_date(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct date_test t;
	struct slice name;

	if (begin(x, c, &t, &c->args[1], &c->args[2]) == -1 ||
	    sieve_exec_string(x, &c->args[0], &name) == -1)
		return -1;
	if (sieve_parts_select(c, &x->message->fields, name, SIEVE_TAG_INDEX,
		SIEVE_TAG_LAST, &t.selected) == -1)
		return -1;
	return sieve_match_end(x, &t.match, result);
}

int
sieve_do_currentdate(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct date_test t;

	if (begin(x, c, &t, &c->args[0], &c->args[1]) == -1 ||
	    match_date(&t, x->env->now) == -1)
		return -1;
	return sieve_match_end(x, &t.match, result);
}
