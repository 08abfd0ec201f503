/* SPDX-License-Identifier: ISC */
/*
 * What sts says of a domain's MTA-STS policy.  Where it does not answer in
 * time, what it has said in the last day counts, if that was to be enforced, so
 * that nobody gets rid of a policy by stopping it; for others
 * mta_sts_unavailable decides.
 */
#ifndef SMTP_ROUTE_STSASK_H
#define SMTP_ROUTE_STSASK_H

#include "ev/loop.h"
#include "ipc/ipc.h"
#include "proto/mtasts.h"

struct smtp_stsask {
	void (*done)(struct smtp_stsask *a);
	struct ipc_call call;
	struct ev_task late;
	struct ev_timer pause;
	char *domain; /* A-labels */
	int64_t since_ms;
	/* What is known: */
	enum mtasts_mode mode;
	int64_t max_age_s;
	char *mx;
	char failure[32]; /* as in ipc/sts.h, or "" */
	bool unavailable; /* and mail is to wait */
	bool unknown;     /* whether there is one */
};

/* DONE comes later.  False, and nothing is to be freed: none is asked for. */
bool smtp_stsask(struct smtp_stsask *a, struct slice domain,
    void (*done)(struct smtp_stsask *a));
void smtp_stsask_fini(struct smtp_stsask *a);

#endif
