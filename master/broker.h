/* SPDX-License-Identifier: ISC */
/*
 * The broker: somebody is connected with a process; both get one end of a
 * fresh pair and are told the other's role.  Requests for a process that is not
 * ready yet wait for it.  Of one asker for one process one is under way at a
 * time (ipc/admit.h).  Who may ask for whom is master/reach.h's.
 */
#ifndef MASTER_BROKER_H
#define MASTER_BROKER_H

#include <stdint.h>

#include "ipc/ipc.h"
#include "ipc/msg.h"

struct admission;
struct child;

/* Answer request ID of PEER: it is not connected, WHY. */
void broker_refuse(struct ipc *peer, uint64_t id, const char *why);
/* Why PEER, which comes without a ticket, may not ask for C now; NULL: it may.
 */
const char *broker_why_not(const struct ipc *peer, const struct child *c);
/* Connect PEER, whose request is ID, with C: now, or when C is ready and PEER's
 * last connection to it is acknowledged.  Takes *A, which PEER comes with;
 * NULL: nothing. */
void broker_connect(
    struct ipc *peer, uint64_t id, struct child *c, struct admission **a);
/* master_acked */
void broker_on_acked(struct ipc *peer, struct msg *m);
/* C is ready: serve those who wait for it. */
void broker_ready(struct child *c);
/* C's process has ended: forget what it has not acknowledged. */
void broker_ended(struct child *c);
/* C will not be: tell them WHY. */
void broker_fail(struct child *c, const char *why);
/* PEER is gone: forget what it asked for. */
void broker_forget(const struct ipc *peer);

#endif
