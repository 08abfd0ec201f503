/* SPDX-License-Identifier: ISC */
/* What sts tells of a domain's MTA-STS policy (ipc/sts.h). */
#ifndef CTL_VIEW_STSPOLICY_H
#define CTL_VIEW_STSPOLICY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct instance;

struct stspolicy {
	struct slice domain, mode, id, mx; /* empty: there is none */
	struct slice result, why;          /* of a failure */
	int64_t max_age_s, fetched_s, failed_s;
};

/* A line of sts_shown. */
void stspolicy_parse(struct slice line, struct stspolicy *p);
/* The policy that the domain of NEXTHOP ("smtp:example.org:25") has, and why a
 * newer one is not to be had, behind OUT; nothing where there is none. */
void stspolicy_add(
    const struct instance *in, struct slice nexthop, struct buf *out);

/* Have the policy of DOMAIN (A-labels) fetched, and what is known of it then in
 * P, which lies within LINE; where it was not to be had mode is empty and why
 * is not.  -1: sts cannot be asked. */
int stspolicy_fetch(const struct instance *in, struct slice domain,
    struct buf *line, struct stspolicy *p, struct err *err);

#endif
