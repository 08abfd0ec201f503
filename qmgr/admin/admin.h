/* SPDX-License-Identifier: ISC */
/* What `pabal queue` and mailq ask (lib/ipc/qmgr.def). */
#ifndef QMGR_ADMIN_ADMIN_H
#define QMGR_ADMIN_ADMIN_H

#include "ipc/ipc.h"

void admin_on_list(struct ipc *peer, struct msg *m);
void admin_on_count(struct ipc *peer, struct msg *m);
void admin_on_top(struct ipc *peer, struct msg *m);
void admin_on_act(struct ipc *peer, struct msg *m);
/* The channel of PEER is gone. */
void admin_forget(struct ipc *peer);
void admin_on_show(struct ipc *peer, struct msg *m);
void admin_on_site(struct ipc *peer, struct msg *m);

#endif
