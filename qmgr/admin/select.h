/* SPDX-License-Identifier: ISC */
/*
 * The messages that somebody asks for, page by page: each call walks a bounded
 * number of them from a cursor on, so that a question about a million never
 * holds up a delivery.  A cursor is the id of the last message seen.  What the
 * index knows is answered from it; files are read where a message has more
 * recipients than a record holds.
 */
#ifndef QMGR_ADMIN_SELECT_H
#define QMGR_ADMIN_SELECT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "qmgr/admin/filter.h"
#include "qmgr/queue/qwalk.h"

struct ipc;

struct selection {
	struct qwalk all;
	struct filter filter;
	struct slice only; /* the one id that may match; empty: any */
	bool admin;        /* for an administrator; not for any user (mailq) */
	unsigned looks;
	bool more; /* the page is at its end, and the queue is not */
	char cursor[ENVELOPE_ID_BYTES];
};

/* ERR_PERM: PEER may not ask that, or it makes no sense. */
int select_start(struct selection *w, const struct ipc *peer,
    struct slice filter, struct slice cursor, struct err *err);
/* The next message that matches, whole if it is WANTed so; false: the page or
 * the queue is at its end. */
bool select_next(struct selection *w, bool want, struct qrecord *r);
void select_end(struct selection *w);

#endif
