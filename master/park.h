/* SPDX-License-Identifier: ISC */
/* Idle sessions between imapd and parking (lib/ipc/parking.def, parked.h). */
#ifndef MASTER_PARK_H
#define MASTER_PARK_H

#include "base/slice.h"

struct ipc;
struct msg;

/* Once. */
void park_init(void);
/* IPC: a session of imapd's is to wait; of parking: it is gone from there, and
 * how many there is room for. */
void park_on_park(struct ipc *peer, struct msg *m);
void park_on_done(struct ipc *peer, struct msg *m);
void park_on_room(struct ipc *peer, struct msg *m);
/* The process at PEER has ended. */
void park_on_gone(const struct ipc *peer);

/* parking is told, where sessions of HOME wait. */
void park_changed(struct slice home);

#endif
