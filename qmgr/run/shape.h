/* SPDX-License-Identifier: ISC */
/*
 * What the table limits allows (table/limit.h), counted here for all processes
 * of smtp together.
 *
 * A shape is the limits and the counters of one site, or of all sites of an
 * entry that is shared.  In no time of rate_ms does it let through more than
 * rate recipients, whatever its slots; no two deliveries begin within
 * interval_ms, and no more than sessions are under way.  Who must wait stands
 * in line and is called when he may go on, one at a time.
 *
 * Counters are forgotten when qmgr ends, and no sooner than they are of no more
 * use.
 */
#ifndef QMGR_RUN_SHAPE_H
#define QMGR_RUN_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"
#include "table/limit.h"

struct shape;

/* Embedded in a destination; all zero is bound by nothing. */
struct shape_user {
	TAILQ_ENTRY(shape_user) link;
	struct shape *shape; /* NULL: none */
	unsigned active;     /* its deliveries under way */
	bool waits;          /* in line */
};

/* GO: U may be served now, if it still wants to be. */
void shape_init(void (*go)(struct shape_user *u));
/* U is bound by LIMITS ("KEY VALUE", an entry of the table; empty: by nothing)
 * from now on.  SITE names its counters where the entry is not shared; where it
 * is, all with SOURCE have them together. */
void shape_bind(struct shape_user *u, struct slice site, struct slice source,
    struct slice limits);
void shape_unbind(struct shape_user *u);
/* NULL: there are none. */
const struct limit *shape_limit(const struct shape_user *u);

/* How many of N recipients may go in a delivery that begins now; 0: wait. */
size_t shape_room(const struct shape_user *u, size_t n);
void shape_wait(struct shape_user *u);
/* It waits no more. */
void shape_leave(struct shape_user *u);
/* A delivery to N recipients begins, or ends. */
void shape_begin(struct shape_user *u, size_t n);
void shape_end(struct shape_user *u);
/* Another one's turn, if there may be one now; said whenever GO was. */
void shape_next(struct shape_user *u);

/* How many messages a session that begins now may take; 0: not said.  One where
 * others wait for its place: idle, it would be one more than there may be. */
uint32_t shape_messages(const struct shape_user *u);

/* For people. */
struct shape_state {
	struct slice text; /* "KEY VALUE" of the table; empty: no limits */
	const struct limit *limit;
	unsigned active; /* deliveries under way of all that are bound by it */
	uint32_t
	    sent; /* recipients in the last rate_ms, as far as they count */
	int64_t wait_ms; /* until a delivery may begin, by rate and interval */
	bool full;       /* by sessions */
};
void shape_state(const struct shape_user *u, struct shape_state *st);

/* How many deliveries begin within MS by rate and interval, at least 1;
 * SIZE_MAX: they bind nothing. */
size_t shape_pace(const struct shape_user *u, int64_t ms);

#endif
