/* SPDX-License-Identifier: ISC */
#include "milter/metrics.h"

#include "base/mem.h"
#include "log/metric.h"

/* clang-format off */
static const struct {
	const char *name;
	const char *help;
} counts[MILTER_COUNTS] = {
	[MILTER_MESSAGES]     = { "pabal_milter_messages", "Messages that the filter was shown." },
	[MILTER_REFUSED]      = { "pabal_milter_refused", "Permanent refusals by the filter." },
	[MILTER_DEFERRED]     = { "pabal_milter_deferred", "Temporary refusals by the filter." },
	[MILTER_DISCARDED]    = { "pabal_milter_discarded", "Messages that the filter discarded." },
	[MILTER_HELD]         = { "pabal_milter_held", "Messages that the filter quarantined." },
	[MILTER_CHANGED]      = { "pabal_milter_changed", "Messages that the filter changed." },
	[MILTER_FAILURES]     = { "pabal_milter_failures", "Failures of the filter." },
	[MILTER_UNAVAILABLES] = { "pabal_milter_unavailable", "Questions that the filter was not there for." },
	[MILTER_CONNECTIONS]  = { "pabal_milter_connections", "Connections made to the filter." },
};
/* clang-format on */

struct milter_metrics {
	struct metric counts[MILTER_COUNTS];
	struct metric_times times;
};

struct milter_metrics *
milter_metrics_new(const char *name)
{
	struct milter_metrics *m = xcalloc(1, sizeof *m);
	const char *labels = xasprintf("filter=\"%s\"", name);

	for (int i = 0; i < MILTER_COUNTS; i++) {
		m->counts[i].name = counts[i].name;
		m->counts[i].help = counts[i].help;
		m->counts[i].labels = labels;
		metric_register(&m->counts[i]);
	}
	m->times.metric = (struct metric){
		.name = "pabal_milter_message_seconds",
		.help = "Time until the filter had judged a message.",
		.labels = labels,
		.type = METRIC_HISTOGRAM,
	};
	m->times.scale = METRIC_DELAYS;
	metric_register(&m->times.metric);
	return m;
}

void
milter_metrics_add(struct milter_metrics *m, enum milter_count which)
{
	metric_add(&m->counts[which], 1);
}

void
milter_metrics_took(struct milter_metrics *m, int64_t us)
{
	metric_took(&m->times, us);
}
