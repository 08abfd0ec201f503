/* SPDX-License-Identifier: ISC */
/* Who we are to the relays that ask: relayhost_auth for the relayhost, and the
 * lines of relay_auth (smtp.conf(5)).  A password goes to the next hop that
 * stands with it, and nowhere else, whoever names another. */
#ifndef SMTP_ROUTE_RELAYAUTH_H
#define SMTP_ROUTE_RELAYAUTH_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct smtp_job;

/* Is what the configuration holds well-formed? */
int smtp_relayauth_check(struct err *err);
/* "user:password" for JOB, which goes to job->nexthop, of the configuration as
 * it is now; empty: there is none. */
struct slice smtp_relayauth_find(const struct smtp_job *job);
/* What tells sessions apart that log in differently; 0: without. */
uint64_t smtp_relayauth_id(const struct smtp_job *job);

#endif
