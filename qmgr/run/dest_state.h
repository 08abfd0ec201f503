/* SPDX-License-Identifier: ISC */
/* How a destination (qmgr/run/dest.h) is, for people. */
#ifndef QMGR_RUN_DEST_STATE_H
#define QMGR_RUN_DEST_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "ipc/role.h"
#include "qmgr/run/shape.h"

struct dest_state {
	enum role role;
	uid_t uid;
	struct slice site;
	struct slice source; /* from where it is dialled; empty: anywhere */
	size_t waiting;      /* batches in memory: a delivery each, or more */
	unsigned active;     /* deliveries under way */
	unsigned window;     /* that it may have now */
	unsigned limit;      /* that it may have at most */
	unsigned fails;      /* troubles in a row, the last of them with: */
	const char *dsn, *why;
	int64_t down_ms; /* so long it is down; 0: it is not */
	bool probe; /* it was down, and the next delivery, or the one under way,
		       shows whether it is still */
	struct shape_state shape;
};
/* Of that which has no source.  False: nothing is known of it. */
bool dest_find(
    enum role role, uid_t uid, struct slice site, struct dest_state *st);
/* Call VISIT for N destinations or some more from slot *AT on, in no order;
 * false: there are no others.  What comes and goes between two calls may be
 * missed, or seen twice. */
bool dest_visit(size_t *at, size_t n,
    void (*visit)(void *arg, const struct dest_state *st), void *arg);

#endif
