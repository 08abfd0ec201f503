/* SPDX-License-Identifier: ISC */
/* run/master.sock: where `pabal` comes in.  The kernel says who calls: an
 * administrator (root, or the owner of the instance) or anybody else. */
#ifndef MASTER_CONTROL_H
#define MASTER_CONTROL_H

#include "base/err.h"
#include "ipc/ipc.h"

int control_open(struct err *err);
/* master_control: status, metrics, reload, stop. */
void control_on_verb(struct ipc *peer, struct msg *m);
/* PEER is gone: forget what is being collected for it. */
void control_forget(const struct ipc *peer);

#endif
