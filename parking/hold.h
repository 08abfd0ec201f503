/* SPDX-License-Identifier: ISC */
/* Sessions that wait (lib/ipc/parking.def): each is held until its client
 * moves, its account changes, or its time is up. */
#ifndef PARKING_HOLD_H
#define PARKING_HOLD_H

#include <stdbool.h>

struct ipc;
struct msg;

void hold_init(void);
/* master hears how many sessions there is room for. */
void hold_tell_room(void);
/* IPC: of master */
void hold_on_expect(struct ipc *peer, struct msg *m);
void hold_on_changed(struct ipc *peer, struct msg *m);
/* IPC: of imapd */
void hold_on_session(struct ipc *peer, struct msg *m);
void hold_on_drop(struct ipc *peer, struct msg *m);
/* PEER has gone. */
void hold_on_gone(struct ipc *peer);
/* All clients are told so, and sent away. */
void hold_stop(void);
bool hold_busy(void);

#endif
