/* SPDX-License-Identifier: ISC */
/* Asking lookup where a recipient's mail goes. */
#ifndef QMGR_RUN_RESOLVE_H
#define QMGR_RUN_RESOLVE_H

#include "qmgr/queue/rcpt.h"

struct ipc;
struct msg;

void resolve_init(void);
/* R ends up at a destination, expanded, or settled; inside this call at a
 * destination only. */
void resolve_start(struct rcpt *r);
/* lookup_changed */
void resolve_on_changed(struct ipc *peer, struct msg *m);
/* PEER is gone. */
void resolve_forget(const struct ipc *peer);

#endif
