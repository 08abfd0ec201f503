/* SPDX-License-Identifier: ISC */
/* Whom mail is from that is sent on to another host (lookup_forward). */
#ifndef LOOKUP_FORWARD_H
#define LOOKUP_FORWARD_H

struct ipc;
struct msg;

void lookup_on_forward(struct ipc *peer, struct msg *m);
void lookup_forward_on_gone(struct ipc *peer);

#endif
