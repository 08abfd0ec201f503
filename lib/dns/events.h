/* SPDX-License-Identifier: ISC */
/* libunbound's pluggable event interface on our loop; for lib/dns alone. */
#ifndef DNS_EVENTS_H
#define DNS_EVENTS_H

struct ub_event_base;

/* The one base there is. */
struct ub_event_base *dns_events_base(void);

#endif
