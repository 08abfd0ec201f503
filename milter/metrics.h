/* SPDX-License-Identifier: ISC */
/* What is counted of each filter. */
#ifndef MILTER_METRICS_H
#define MILTER_METRICS_H

#include <stdint.h>

enum { MILTER_NAME_MAX = 32 };

enum milter_count {
	MILTER_MESSAGES,
	MILTER_REFUSED,
	MILTER_DEFERRED,
	MILTER_DISCARDED,
	MILTER_HELD,
	MILTER_CHANGED,
	MILTER_FAILURES,
	MILTER_UNAVAILABLES,
	MILTER_CONNECTIONS,
	MILTER_COUNTS
};

struct milter_metrics;

/* Of the filter NAME; for good. */
struct milter_metrics *milter_metrics_new(const char *name);
void milter_metrics_add(struct milter_metrics *m, enum milter_count which);
/* From the first byte of a message to its verdict. */
void milter_metrics_took(struct milter_metrics *m, int64_t us);

#endif
