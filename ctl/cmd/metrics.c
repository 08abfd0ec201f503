/* SPDX-License-Identifier: ISC */
/* pabal metrics: the counters of every process as one OpenMetrics text.
 * Processes of a daemon that serve an account or a uid each have no number of
 * their own: what they counted is added up. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/view/out.h"

enum { METRICS_MAX = 256 << 20, VALUE_BYTES = 48, MILLION = 1000000 };

/* name{labels}, and the sum of what was said of it, in millionths. */
struct metric_sample {
	struct slice series;
	int64_t millionths;
	bool fraction;
	struct metric_sample *next;
};

/* All samples of a name stand together, behind its TYPE and HELP. */
struct family {
	struct slice type; /* the whole line */
	struct slice help;
	struct metric_sample *first;
	struct metric_sample **last;
	struct family *next;
};

struct metrics {
	struct map by_name;
	struct map by_series;
	struct family *first;
	struct family **last;
};

static struct family *
family_of(struct metrics *m, struct slice name)
{
	struct family *f = map_find(&m->by_name, name);

	if (f != NULL)
		return f;
	f = xcalloc(1, sizeof *f);
	f->last = &f->first;
	map_put(&m->by_name, name, f);
	*m->last = f;
	m->last = &f->next;
	return f;
}

/* The family a sample belongs to: its name without what its type adds. */
static struct slice
family_name(const struct metrics *m, struct slice sample)
{
	static const struct slice endings[] = { SLICE("_total"),
		SLICE("_bucket"), SLICE("_count"), SLICE("_sum"),
		SLICE("_created") };

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		const struct slice stem =
		    slice_sub(sample, 0, sample.n - endings[i].n);

		if (slice_ends(sample, endings[i]) &&
		    map_find(&m->by_name, stem) != NULL)
			return stem;
	}
	return sample;
}

/* "12" or "12.345678" */
static int64_t
millionths(struct slice value, bool *fraction)
{
	struct slice decimals;
	struct slice whole = slice_cut(value, '.', &decimals);
	const bool negative = slice_starts(whole, SLICE("-"));
	struct cur c = cur_of(slice_from(whole, negative));
	int64_t v = (int64_t)cur_u64(&c, INT64_MAX / MILLION) * MILLION;

	c = cur_of(slice_sub(decimals, 0, 6));
	*fraction = decimals.n > 0;
	if (*fraction)
		v += (int64_t)cur_u64(&c, MILLION);
	return negative ? -v : v;
}

static void
add_sample(struct metrics *m, struct family *f, struct slice line)
{
	const size_t at = slice_rfind(line, ' ');
	const struct slice series = slice_sub(line, 0, at);
	struct metric_sample *s = map_find(&m->by_series, series);
	bool fraction;

	if (s == NULL) {
		s = xcalloc(1, sizeof *s);
		s->series = series;
		map_put(&m->by_series, series, s);
		*f->last = s;
		f->last = &s->next;
	}
	s->millionths += millionths(slice_from(line, at + 1), &fraction);
	s->fraction = s->fraction || fraction;
}

static void
take_line(struct metrics *m, struct slice line)
{
	struct slice rest = line, name;
	struct family *f;

	if (slice_starts(line, SLICE("# "))) {
		const struct slice kind =
		    slice_cut(slice_from(line, 2), ' ', &rest);

		if (!slice_is(kind, "TYPE") && !slice_is(kind, "HELP"))
			return;
		f = family_of(m, slice_cut(rest, ' ', &rest));
		if (slice_is(kind, "TYPE"))
			f->type = line;
		else
			f->help = line;
		return;
	}
	name = slice_cut(line, '{', &rest);
	if (name.n == line.n)
		name = slice_cut(line, ' ', &rest);
	if (name.n == 0)
		return;
	add_sample(m, family_of(m, family_name(m, name)), line);
}

static const char *
value_of(const struct metric_sample *s, char text[VALUE_BYTES])
{
	const uint64_t v = s->millionths < 0 ? 0 - (uint64_t)s->millionths
					     : (uint64_t)s->millionths;
	const char *sign = s->millionths < 0 ? "-" : "";

	if (s->fraction)
		snprintf(text, VALUE_BYTES, "%s%llu.%06llu", sign,
		    (unsigned long long)(v / MILLION),
		    (unsigned long long)(v % MILLION));
	else
		snprintf(text, VALUE_BYTES, "%s%llu", sign,
		    (unsigned long long)(v / MILLION));
	return text;
}

static void
print_text(const struct metrics *m)
{
	char value[VALUE_BYTES];

	for (const struct family *f = m->first; f != NULL; f = f->next) {
		if (f->type.n > 0)
			out_printf(stdout, "%.*s\n", SLICE_FMT(f->type));
		if (f->help.n > 0)
			out_printf(stdout, "%.*s\n", SLICE_FMT(f->help));
		for (const struct metric_sample *s = f->first; s != NULL;
		     s = s->next)
			out_printf(stdout, "%.*s %s\n", SLICE_FMT(s->series),
			    value_of(s, value));
	}
	puts("# EOF");
}

/* name{a="b",c="d"} value */
static void
print_sample(const struct metric_sample *s, bool first, struct buf *b)
{
	struct slice rest;
	const struct slice name = slice_cut(s->series, '{', &rest);
	struct slice labels = slice_cut(rest, '}', &rest);
	char number[VALUE_BYTES];

	buf_adds(b, first ? "[{\"name\":" : ",{\"name\":");
	out_json(b, name);
	while (labels.n > 0) {
		struct slice value;
		const struct slice key = slice_cut(labels, '=', &value);

		buf_addc(b, ',');
		out_json(b, key);
		buf_addc(b, ':');
		out_json(b, slice_cut(slice_from(value, 1), '"', &labels));
		if (labels.n > 0 && labels.p[0] == ',')
			labels = slice_from(labels, 1);
	}
	buf_addf(b, ",\"value\":%s}\n", value_of(s, number));
}

static void
print_json(const struct metrics *m)
{
	struct buf b = { .max = METRICS_MAX };
	bool first = true;

	for (const struct family *f = m->first; f != NULL; f = f->next)
		for (const struct metric_sample *s = f->first; s != NULL;
		     s = s->next) {
			print_sample(s, first, &b);
			first = false;
		}
	if (!first)
		fwrite(b.p, 1, b.n, stdout);
	puts(first ? "[]" : "]");
	buf_fini(&b);
}

static void
metrics_fini(struct metrics *m)
{
	for (struct family *f = m->first, *next; f != NULL; f = next) {
		next = f->next;
		for (struct metric_sample *s = f->first, *more; s != NULL;
		     s = more) {
			more = s->next;
			free(s);
		}
		free(f);
	}
	map_fini(&m->by_name);
	map_fini(&m->by_series);
}

int
cmd_metrics(struct ctl *ctl, int argc, char **argv)
{
	struct metrics m = { .first = NULL };
	struct buf text = { .max = METRICS_MAX };
	struct slice rest;
	bool ok = false;
	struct err err;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (dial_verb(&ctl->inst, "metrics", &ok, &text, &err) == -1)
		return ctl_fail("metrics: %s", err.text);
	map_init(&m.by_name);
	map_init(&m.by_series);
	m.last = &m.first;
	rest = buf_slice(&text);
	while (rest.n > 0)
		take_line(&m, slice_cut(rest, '\n', &rest));
	if (ctl->json)
		print_json(&m);
	else
		print_text(&m);
	metrics_fini(&m);
	buf_fini(&text);
	return CTL_OK;
}
