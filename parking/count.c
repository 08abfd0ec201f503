/* SPDX-License-Identifier: ISC */
#include "parking/count.h"

#include <stdint.h>

#include "log/metric.h"

static struct metric sessions = {
	.name = "pabal_parking_sessions",
	.help = "Sessions held now.",
	.type = METRIC_GAUGE,
};
static struct metric state_bytes = {
	.name = "pabal_parking_state_bytes",
	.help = "What imapd has given to be kept of the sessions held now.",
	.type = METRIC_GAUGE,
};
static struct metric counts[COUNT_KINDS] = {
	[COUNT_PARKED] = { .name = "pabal_parking_parked",
	    .help = "Sessions that came to be held.",
	    .type = METRIC_COUNTER },
	[COUNT_WOKEN_CLIENT] = { .name = "pabal_parking_woken",
	    .help = "Sessions that were to go on, by why.",
	    .labels = "why=\"client\"",
	    .type = METRIC_COUNTER },
	[COUNT_WOKEN_CHANGED] = { .name = "pabal_parking_woken",
	    .help = "Sessions that were to go on, by why.",
	    .labels = "why=\"changed\"",
	    .type = METRIC_COUNTER },
	[COUNT_ENDED] = { .name = "pabal_parking_ended",
	    .help = "Sessions that ended while they were held.",
	    .type = METRIC_COUNTER },
};

void
count_init(void)
{
	metric_register(&sessions);
	metric_register(&state_bytes);
	for (unsigned i = 0; i < COUNT_KINDS; i++)
		metric_register(&counts[i]);
}

void
count_add(enum count_why why)
{
	metric_add(&counts[why], 1);
}

void
count_hold(size_t bytes)
{
	metric_add(&sessions, 1);
	metric_add(&state_bytes, (int64_t)bytes);
}

void
count_release(size_t bytes)
{
	metric_add(&sessions, -1);
	metric_add(&state_bytes, -(int64_t)bytes);
}

unsigned
count_held(void)
{
	return (unsigned)sessions.value;
}
