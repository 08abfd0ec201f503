/* SPDX-License-Identifier: ISC */
#include "httpd/metrics.h"

#include "log/metric.h"

#define C(n, h) { .name = "pabal_httpd_" #n, .help = h },
static struct metric metrics[] = { HTTPD_METRICS(C) };
#undef C

void
httpd_metrics_init(void)
{
	for (unsigned i = 0; i < HTTPD_COUNTERS; i++)
		metric_register(&metrics[i]);
}

void
httpd_count(enum httpd_counter which, int64_t n)
{
	metric_add(&metrics[which], n);
}
