/* SPDX-License-Identifier: ISC */
/* What smtpd counts (metrics.def). */
#ifndef SMTPD_METRICS_H
#define SMTPD_METRICS_H

#include <stdint.h>

enum smtpd_metric {
#define COUNTER(name, help) SMTPD_COUNT_##name,
#define GAUGE(name, help)   SMTPD_COUNT_##name,
#include "smtpd/metrics.def" // IWYU pragma: keep
#undef COUNTER
#undef GAUGE
	SMTPD_COUNTS
};

/* Make all of them show up. */
void smtpd_metrics_init(void);
void smtpd_count(enum smtpd_metric which, int64_t n);

#endif
