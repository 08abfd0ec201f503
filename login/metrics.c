/* SPDX-License-Identifier: ISC */
#include "login/metrics.h"

#include "log/metric.h"

#define C(n, h) { .name = "pabal_login_" #n, .help = h },
static struct metric metrics[] = { LOGIN_METRICS(C) };
#undef C

void
login_metrics_init(void)
{
	for (unsigned i = 0; i < LOGIN_COUNTERS; i++)
		metric_register(&metrics[i]);
}

void
login_count(enum login_counter which, int64_t n)
{
	metric_add(&metrics[which], n);
}
