/* SPDX-License-Identifier: ISC */
/* What is known of a site: where lookup sends mail, and what qmgr knows of who
 * is dialled. */
#ifndef CTL_VIEW_QSITE_H
#define CTL_VIEW_QSITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "ctl/inst/instance.h"

struct arena;

/* qmgr/admin/site.c */
struct qsite {
	struct slice name; /* as site= of a filter; "local:UID", "pipe:UID" */
	struct slice role;
	struct slice source;           /* table/source.h; empty: any address */
	int64_t active, window, limit; /* deliveries */
	int64_t waiting;               /* for their turn, in memory */
	int64_t fails;                 /* in a row; the last with: */
	struct slice dsn, why;
	int64_t down_s; /* 0: not down */
	bool probe;     /* the next delivery shows whether it still is */
	/* Of the table limits: */
	struct slice limits; /* the entry; empty: none */
	int64_t shared;      /* deliveries of all its sites; -1: its own */
	int64_t sent, rate;  /* recipients in rate_s; rate 0: any */
	int64_t rate_s;
	int64_t pause_s; /* until the next delivery may begin */
	bool full;       /* all sessions are in use */
};

/* Call VISIT for those that NAME means: a site, one of its hosts, local:UID or
 * pipe:UID; strings last in A. */
int qsite_each(const struct instance *in, struct slice name, struct arena *a,
    void (*visit)(void *arg, const struct qsite *s), void *arg,
    struct err *err);

struct qroute {
	struct slice kind;    /* relay, mailbox, alias, discard, hold, refuse,
				 tempfail */
	struct slice nexthop; /* of a relay, with its transport */
	bool relayhost;       /* it is the relayhost */
	struct slice site;    /* of a relay or mailbox, as in struct qsite */
	struct slice limits;  /* the entry for it */
	struct slice text;    /* of the table, or of what it was refused with */
};

/* Ask lookup where mail from SENDER to ADDRESS (canonical) goes. */
int qsite_route(const struct instance *in, struct slice address,
    struct slice sender, struct arena *a, struct qroute *r, struct err *err);

#endif
