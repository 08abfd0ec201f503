/* SPDX-License-Identifier: ISC */
#include "log/metric.h"

#include <stddef.h>

static struct metric *first;

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
metric_print(struct buf *out, const char *labels)
{
	for (const struct metric *m = first; m != NULL; m = m->next) {
		const bool counter = m->type == METRIC_COUNTER;

		buf_addf(out, "# TYPE %s %s\n# HELP %s %s\n", m->name,
		    counter ? "counter" : "gauge", m->name, m->help);
		buf_addf(out, "%s%s{%s} %lld\n", m->name,
		    counter ? "_total" : "", labels, (long long)m->value);
	}
}
