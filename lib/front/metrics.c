/* SPDX-License-Identifier: ISC */
#include "front/metrics.h"

#include "log/metric.h"

/* clang-format off */
static struct metric metrics[] = {
#define COUNTER(n, h) { .name = "pabal_" #n, .help = (h) },
#define GAUGE(n, h) { .name = "pabal_" #n, .help = (h), .type = METRIC_GAUGE },
#include "front/metrics.def" // IWYU pragma: keep
#undef COUNTER
#undef GAUGE
};
/* clang-format on */

void
front_metrics_init(void)
{
	for (int i = 0; i < FRONT_METRICS; i++)
		metric_register(&metrics[i]);
}

void
front_metric(enum front_metric which, int64_t n)
{
	metric_add(&metrics[which], n);
}
