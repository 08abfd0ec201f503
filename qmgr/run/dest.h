/* SPDX-License-Identifier: ISC */
/*
 * Destinations: where recipients wait for their turn.
 *
 * A destination is an agent (local or pipe of a uid, smtp to a site) with
 * a number of deliveries under way that grows with success and shrinks with
 * trouble.  Destinations take turns, and in one senders and messages do
 * (flow.h).  One that keeps failing as a whole is down for a while: what comes
 * for it is put off with the last reason; then one delivery probes it, and if
 * all is well it begins anew.  Its limits (shape.h) come with recipients; what
 * they do not let through soon is put off, to leave memory to others.
 */
#ifndef QMGR_RUN_DEST_H
#define QMGR_RUN_DEST_H

#include <sys/types.h>

#include "base/slice.h"
#include "ipc/role.h"

struct dest;
struct message;
struct rcpt;

/* DELIVER hands N recipients of M to D's agent, takes RCPTS (heap), and calls
 * dest_done when it has ended, never from inside. */
void dest_init(void (*deliver)(
    struct dest *d, struct message *m, struct rcpt **rcpts, size_t n));
/* R waits for its turn with ROLE's process of UID, or at SITE (smtp). */
void dest_put(enum role role, uid_t uid, struct slice site, struct rcpt *r);
/* Recipients were resolved: who waited for the others of their message, so that
 * all at one place go in one delivery, need not wait longer. */
void dest_resolved(void);

/* How a delivery ended for the destination as a whole. */
enum dest_outcome {
	DEST_WELL,    /* it answered */
	DEST_TROUBLE, /* it could not be talked to; WHY is kept */
	DEST_UNKNOWN, /* nothing was learnt of it: not dialled, agent gone */
};
void dest_done(struct dest *d, enum dest_outcome outcome, struct slice dsn,
    struct slice why);

enum role dest_role(const struct dest *d);
uid_t dest_uid(const struct dest *d);
struct slice dest_site(const struct dest *d);
unsigned dest_session_messages(const struct dest *d); /* 0: not said */
/* No new deliveries from here on. */
void dest_stop(void);
/* What is put off as "down" is tried again at once (pabal queue flush). */
void dest_flush(void);

#endif
