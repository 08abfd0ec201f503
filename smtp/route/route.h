/* SPDX-License-Identifier: ISC */
/* From the next hop that qmgr names to addresses. */
#ifndef SMTP_ROUTE_ROUTE_H
#define SMTP_ROUTE_ROUTE_H

#include "smtp/job.h"

struct buf;

/* ROUTED: a job's hosts are known.  NONE: there is no way to any, WHY; NULL:
 * not in this process. */
void smtp_route_init(void (*routed)(struct smtp_job *job),
    void (*none)(struct smtp_job *job, const struct smtp_result *why));
/* Find where JOB goes by NEXTHOP ("smtp:example.org", "lmtp:[::1]:24");
 * one of smtp_route_init's follows, possibly at once. */
void smtp_route(struct smtp_job *job, struct slice nexthop);
/* Forget what is known and what is being asked. */
void smtp_route_free(struct smtp_route **route);
/* The domain whose MX hosts are used and that is told of TLS with them; empty:
 * the next hop is no domain, or what goes there is such a report. */
struct slice smtp_route_domain(const struct smtp_job *job);
/* The lines of its MTA-STS policy behind OUT. */
void smtp_route_sts_lines(const struct smtp_job *job, struct buf *out);
/* The next address to try; false when none is left. */
bool smtp_route_next(struct smtp_job *job, struct smtp_target *t);
/* Is the next address one more of the host that the last one was of? */
bool smtp_route_same_host(const struct smtp_job *job);
/* Step back to the first address among the best hosts that IS likes (an idle
 * session is there); false when there is none. */
bool smtp_route_prefer(struct smtp_job *job, struct smtp_target *t,
    bool (*is)(const struct smtp_target *t));

#endif
