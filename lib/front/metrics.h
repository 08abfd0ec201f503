/* SPDX-License-Identifier: ISC */
/* What a front end counts (metrics.def). */
#ifndef FRONT_METRICS_H
#define FRONT_METRICS_H

#include <stdint.h>

enum front_metric {
#define COUNTER(name, help) FRONT_METRIC_##name,
#define GAUGE(name, help)   FRONT_METRIC_##name,
#include "front/metrics.def" // IWYU pragma: keep
#undef COUNTER
#undef GAUGE
	FRONT_METRICS
};

void front_metrics_init(void);
void front_metric(enum front_metric which, int64_t n);

#endif
