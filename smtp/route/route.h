/* SPDX-License-Identifier: ISC */
/* From the next hop that qmgr names to addresses. */
#ifndef SMTP_ROUTE_ROUTE_H
#define SMTP_ROUTE_ROUTE_H

#include "smtp/job.h"

/* Find where JOB goes by NEXTHOP ("smtp:example.org", "lmtp:[::1]:24");
 * smtp_job_routed or smtp_job_no_route follows, possibly at once. */
void smtp_route(struct smtp_job *job, struct slice nexthop);
/* Forget what is known and what is being asked. */
void smtp_route_free(struct smtp_route **route);
/* The next address to try; false when none is left. */
bool smtp_route_next(struct smtp_job *job, struct smtp_target *t);
/* Step back to the first address among the best hosts that IS likes (an idle
 * session is there); false when there is none. */
bool smtp_route_prefer(struct smtp_job *job, struct smtp_target *t,
    bool (*is)(const struct smtp_target *t));

#endif
