/* SPDX-License-Identifier: ISC */
/* pabal metrics: the counters of every process as one OpenMetrics text. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/dial.h"
#include "ctl/out.h"

enum { METRICS_MAX = 64 << 20 };

/* All samples of a name stand together, behind its TYPE and HELP. */
struct family {
	struct slice type; /* the whole line */
	struct slice help;
	struct buf samples;
	struct family *next;
};

struct metrics {
	struct map by_name;
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
	buf_init(&f->samples, METRICS_MAX);
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
	f = family_of(m, family_name(m, name));
	buf_add(&f->samples, line);
	buf_addc(&f->samples, '\n');
}

static void
print_text(const struct metrics *m)
{
	for (const struct family *f = m->first; f != NULL; f = f->next) {
		if (f->type.n > 0)
			printf("%.*s\n", SLICE_FMT(f->type));
		if (f->help.n > 0)
			printf("%.*s\n", SLICE_FMT(f->help));
		fwrite(f->samples.p, 1, f->samples.n, stdout);
	}
	puts("# EOF");
}

/* name{a="b",c="d"} value */
static void
print_sample(struct slice line, bool first, struct buf *b)
{
	struct slice rest, labels;
	struct slice name = slice_cut(line, '{', &rest);

	if (name.n == line.n) {
		name = slice_cut(line, ' ', &rest);
		labels = (struct slice){ NULL, 0 };
	} else {
		labels = slice_cut(rest, '}', &rest);
		rest = slice_trim(rest);
	}
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
	buf_addf(b, ",\"value\":%.*s}\n", SLICE_FMT(rest));
}

static void
print_json(const struct metrics *m)
{
	struct buf b = { .max = METRICS_MAX };
	bool first = true;

	for (const struct family *f = m->first; f != NULL; f = f->next) {
		struct slice samples = buf_slice(&f->samples);

		while (samples.n > 0) {
			print_sample(
			    slice_cut(samples, '\n', &samples), first, &b);
			first = false;
		}
	}
	fwrite(b.p, 1, b.n, stdout);
	puts(first ? "[]" : "]");
	buf_fini(&b);
}

static void
metrics_fini(struct metrics *m)
{
	for (struct family *f = m->first, *next; f != NULL; f = next) {
		next = f->next;
		buf_fini(&f->samples);
		free(f);
	}
	map_fini(&m->by_name);
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
