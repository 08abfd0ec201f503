/* SPDX-License-Identifier: ISC */
#include "qmgr/run/delays.h"

#include <stddef.h>

#include "ev/loop.h"
#include "log/metric.h"
#include "qmgr/queue/message.h"

enum { STAGES = 4, AGENTS = 3 };

#define STAGE(agent, stage)                                                    \
	{                                                                      \
		.metric = { .name = "pabal_qmgr_delay_seconds",                \
			.help = "Delays of recipients, by agent and stage.",   \
			.labels = "agent=\"" agent "\",stage=\"" stage "\"",   \
			.type = METRIC_HISTOGRAM },                            \
		.scale = METRIC_DELAYS                                         \
	}
#define AGENT(agent)                                                           \
	{                                                                      \
		STAGE(agent, "before"), STAGE(agent, "queue"),                 \
		    STAGE(agent, "connect"), STAGE(agent, "send")              \
	}

static struct metric_times times[AGENTS][STAGES] = { AGENT("local"),
	AGENT("smtp"), AGENT("pipe") };

/* At least 0, and at most MAX. */
static int64_t
within(int64_t ms, int64_t max)
{
	if (ms > max)
		ms = max;
	return ms > 0 ? ms : 0;
}

/* The age is of the wall clock, all else of the one that only runs forward. */
struct delays
delays_of(const struct rcpt *r)
{
	const struct message *m = r->message;
	const int64_t now_ms = ev_now_ms();
	const int64_t sent_ms = r->sent_ms > 0 ? r->sent_ms : now_ms;
	struct delays d = { .all_ms = entry_age_ms(m->entry) };

	d.connect_ms = within(r->connect_ms, now_ms - sent_ms);
	d.send_ms = within(now_ms - sent_ms - d.connect_ms, INT64_MAX);
	d.queue_ms = within(sent_ms - m->active_ms, INT64_MAX);
	d.before_ms = within(d.all_ms - (now_ms - m->active_ms), INT64_MAX);
	return d;
}

void
delays_count(const struct delays *d, enum role agent)
{
	const int64_t ms[STAGES] = { d->before_ms, d->queue_ms, d->connect_ms,
		d->send_ms };
	struct metric_times *row = times[agent == ROLE_LOCAL  ? 0
					 : agent == ROLE_SMTP ? 1
							      : 2];

	for (size_t i = 0; i < STAGES; i++)
		metric_took(&row[i], ms[i] * 1000);
}

void
delays_init(void)
{
	for (size_t i = 0; i < AGENTS; i++)
		for (size_t j = 0; j < STAGES; j++)
			metric_register(&times[i][j].metric);
}
