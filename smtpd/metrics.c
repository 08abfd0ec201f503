/* SPDX-License-Identifier: ISC */
#include "smtpd/metrics.h"

#include "log/metric.h"

/* clang-format off */
static struct metric metrics[] = {
#define COUNTER(n, h) { .name = "pabal_smtpd_" #n, .help = (h) },
#define GAUGE(n, h) \
	{ .name = "pabal_smtpd_" #n, .help = (h), .type = METRIC_GAUGE },
#include "smtpd/metrics.def" // IWYU pragma: keep
#undef COUNTER
#undef GAUGE
};
/* clang-format on */

void
smtpd_metrics_init(void)
{
	for (int i = 0; i < SMTPD_COUNTS; i++)
		metric_register(&metrics[i]);
}

void
smtpd_count(enum smtpd_metric which, int64_t n)
{
	metric_add(&metrics[which], n);
}
