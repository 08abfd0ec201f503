/* SPDX-License-Identifier: ISC */
/*
 * Counters, gauges and histograms of a process, printed in OpenMetrics form.  A
 * metric is a static of the module that counts; metric_register makes it show
 * up before its first event.
 */
#ifndef LOG_METRIC_H
#define LOG_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct metric {
	const char *name; /* pabal_smtpd_messages_accepted, without _total */
	const char *help;
	const char *labels; /* more of them, `a="b"`, where names are equal */
	enum { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } type;
	int64_t value;
	struct metric *next;
	bool known;
};

enum { METRIC_BUCKETS = 10 };

/* How long something took, in metric.c's buckets: of seconds, or of hours. */
struct metric_times {
	struct metric metric; /* METRIC_HISTOGRAM; its value: the sum in us */
	enum { METRIC_TURNS, METRIC_DELAYS } scale;
	uint64_t counts[METRIC_BUCKETS + 1];
};

void metric_register(struct metric *m);
/* Also registers. */
void metric_add(struct metric *m, int64_t n);
void metric_set(struct metric *m, int64_t value);
void metric_took(struct metric_times *t, int64_t us);
/* All registered metrics, each sample with LABELS ("daemon=\"smtpd\""). */
void metric_print(struct buf *out, const char *labels);

#endif
