/* SPDX-License-Identifier: ISC */
/* pabal queue bad (lib/ipc/qmgr.def). */
#ifndef QMGR_ADMIN_BADADMIN_H
#define QMGR_ADMIN_BADADMIN_H

#include "ipc/ipc.h"

void badadmin_on_bad(struct ipc *peer, struct msg *m);

#endif
