/* SPDX-License-Identifier: ISC */
/* Users in other users' accounts: what imapd asks about them
 * (ipc/sharing.h), and who may visit whom. */
#ifndef MASTER_SHARING_H
#define MASTER_SHARING_H

#include "ipc/ipc.h"
#include "ipc/msg.h"

/* master_sharing */
void sharing_on_ask(struct ipc *peer, struct msg *m);
/* PEER is gone: nobody waits for an answer to it. */
void sharing_forget(const struct ipc *peer);

#endif
