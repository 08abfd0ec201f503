/* SPDX-License-Identifier: ISC */
#include "log/metric.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

enum { LABELS_MAX = 1000 };

static struct metric *first;

/* Upper ends of the buckets. */
static const struct {
	int64_t us;
	const char *le; /* the same in seconds */
} scales[][METRIC_BUCKETS] = {
	[METRIC_TURNS] = {
		{ 1000, "0.001" },
		{ 5000, "0.005" },
		{ 10000, "0.01" },
		{ 20000, "0.02" },
		{ 50000, "0.05" },
		{ 100000, "0.1" },
		{ 200000, "0.2" },
		{ 500000, "0.5" },
		{ 1000000, "1.0" },
		{ 5000000, "5.0" },
	},
	[METRIC_DELAYS] = {
		{ 10000, "0.01" },
		{ 100000, "0.1" },
		{ 500000, "0.5" },
		{ 1000000, "1.0" },
		{ 5000000, "5.0" },
		{ 30000000, "30.0" },
		{ 300000000, "300.0" },
		{ 3600000000, "3600.0" },
		{ 21600000000, "21600.0" },
		{ 86400000000, "86400.0" },
	},
};

void
metric_register(struct metric *m)
{
	struct metric **at = &first;

	if (m->known)
		return;
	m->known = true;
	/* Samples of one name stand together. */
	for (struct metric *k = first; k != NULL; k = k->next)
		if (strcmp(k->name, m->name) == 0)
			at = &k->next;
	m->next = *at;
	*at = m;
}

void
metric_add(struct metric *m, int64_t n)
{
	metric_register(m);
	m->value += n;
}

void
metric_set(struct metric *m, int64_t value)
{
	metric_register(m);
	m->value = value;
}

void
metric_took(struct metric_times *h, int64_t us)
{
	size_t i = 0;

	metric_register(&h->metric);
	while (i < METRIC_BUCKETS && us > scales[h->scale][i].us)
		i++;
	h->counts[i]++;
	h->metric.value += us;
}

static void
print_histogram(struct buf *out, const struct metric *m, const char *labels)
{
	const struct metric_times *h =
	    OUTER((uintptr_t)m, struct metric_times, metric);
	unsigned long long n = 0;

	for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
		n += h->counts[i];
		buf_addf(out, "%s_bucket{%s,le=\"%s\"} %llu\n", m->name, labels,
		    i < METRIC_BUCKETS ? scales[h->scale][i].le : "+Inf", n);
	}
	buf_addf(out, "%s_count{%s} %llu\n", m->name, labels, n);
	buf_addf(out, "%s_sum{%s} %lld.%06lld\n", m->name, labels,
	    (long long)m->value / 1000000, (long long)m->value % 1000000);
}

void
metric_print(struct buf *out, const char *labels)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};

	const char *name = "";
	struct buf all = { .max = LABELS_MAX };

	for (const struct metric *m = first; m != NULL; m = m->next) {
		if (strcmp(m->name, name) != 0)
			buf_addf(out, "# TYPE %s %s\n# HELP %s %s\n", m->name,
			    types[m->type], m->name, m->help);
		name = m->name;
		buf_reset(&all);
		buf_addf(&all, "%s%s%s", labels, m->labels != NULL ? "," : "",
		    m->labels != NULL ? m->labels : "");
		if (m->type == METRIC_HISTOGRAM)
			print_histogram(out, m, buf_cstr(&all));
		else
			buf_addf(out, "%s%s{%s} %lld\n", m->name,
			    m->type == METRIC_COUNTER ? "_total" : "",
			    buf_cstr(&all), (long long)m->value);
	}
	buf_fini(&all);
}
