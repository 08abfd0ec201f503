/* SPDX-License-Identifier: ISC */
/*
 * Whom a process, or ctl, may reach: those of its declared reach, and of imapd
 * and pop3d what a ticket stands for alone (master/admit.h).  Who is asked for
 * is started if need be, and connected (master/broker.h).
 */
#ifndef MASTER_REACH_H
#define MASTER_REACH_H

#include "ipc/ipc.h"
#include "ipc/msg.h"

struct admission;

/* master_connect: PEER wants to talk to another. */
void reach_on_connect(struct ipc *peer, struct msg *m);
/* master_admit: auth has let an account in; its process is started. */
void reach_on_admit(struct ipc *peer, struct msg *m);
/* A, whose account, home and place are still to be found, may come for ACCOUNT
 * with HOME; the process is started.  False: not, WHY. */
bool reach_admit(struct admission *a, struct slice account, struct slice home,
    const char **why);
/* master_changed: the mail of an account; who has its sessions is told. */
void reach_on_changed(struct ipc *peer, struct msg *m);

#endif
