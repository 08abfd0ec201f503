/* SPDX-License-Identifier: ISC */
/* Sessions as login hands them in: each proves with its ticket whose it is. */
#ifndef IMAPD_DOOR_H
#define IMAPD_DOOR_H

struct ipc;
struct msg;

void imapd_door_init(void);
/* IPC: imapd_session, store_changed; a peer is gone. */
void imapd_on_session(struct ipc *peer, struct msg *m);
void imapd_on_changed(struct ipc *peer, struct msg *m);
void imapd_on_gone(struct ipc *peer);
/* Take in no more. */
void imapd_door_close(void);

#endif
