/* SPDX-License-Identifier: ISC */
#include "log/metric.h"

#include <stddef.h>

#include "base/mem.h"

static struct metric *first;

/* Upper ends of the buckets. */
static const struct {
	int64_t us;
	const char *le; /* the same in seconds */
} buckets[METRIC_BUCKETS] = {
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
};

void
metric_register(struct metric *m)
{
	if (m->known)
		return;
	m->known = true;
	m->next = first;
	first = m;
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
	while (i < METRIC_BUCKETS && us > buckets[i].us)
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
		    i < METRIC_BUCKETS ? buckets[i].le : "+Inf", n);
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

	for (const struct metric *m = first; m != NULL; m = m->next) {
		buf_addf(out, "# TYPE %s %s\n# HELP %s %s\n", m->name,
		    types[m->type], m->name, m->help);
		if (m->type == METRIC_HISTOGRAM)
			print_histogram(out, m, labels);
		else
			buf_addf(out, "%s%s{%s} %lld\n", m->name,
			    m->type == METRIC_COUNTER ? "_total" : "", labels,
			    (long long)m->value);
	}
}
