/* SPDX-License-Identifier: ISC */
/* When which report is sent: a walk over all there are, now and then, each at
 * its time behind the end of its interval, or all when an administrator says.
 */
#ifndef REPORTER_SCHEDULE_H
#define REPORTER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct ipc;
struct msg;

void schedule_init(void);
/* No other report is begun. */
void schedule_stop(void);
/* report_send */
void schedule_on_send(struct ipc *peer, struct msg *m);
void schedule_on_gone(struct ipc *peer);

/* How long after the end of an interval the report on DOMAIN is sent by HOST:
 * within SPREAD_S, the same each time. */
int64_t schedule_delay_s(
    struct slice host, struct slice domain, int64_t spread_s);

#endif
