/* SPDX-License-Identifier: ISC */
/* The hosts of a domain, by its MTA-STS policy (RFC 8461). */
#ifndef SMTP_ROUTE_STS_H
#define SMTP_ROUTE_STS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct mx_list;
struct smtp_job;
struct smtp_sts;
struct smtp_target;

/* Take the hosts that the policy of DOMAIN does not have out of LIST; DANE: not
 * those that TLSA records may yet speak for.  DONE comes later, with WHY when
 * JOB must wait.  NULL: no policy is asked for. */
struct smtp_sts *smtp_sts_ask(struct smtp_job *job, struct slice domain,
    bool dane, struct mx_list *list,
    void (*done)(struct smtp_job *job, const char *why));
void smtp_sts_free(struct smtp_sts **s);
/* What T is to have of the policy; S may be NULL. */
void smtp_sts_dress(const struct smtp_sts *s, struct smtp_target *t);
/* Was there no answer that could be relied on: there may be a policy? */
bool smtp_sts_is_unknown(const struct smtp_sts *s);

/* The lines of its policy behind OUT; S may be NULL. */
void smtp_sts_lines(const struct smtp_sts *s, struct buf *out);

#endif
