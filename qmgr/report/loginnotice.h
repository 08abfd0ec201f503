/* SPDX-License-Identifier: ISC */
/* Telling the administrator (hold_notice_to) that policy holds all mail of a
 * login.  Which logins and how often is policy's business; how many a day it
 * can have written is bounded here. */
#ifndef QMGR_REPORT_LOGINNOTICE_H
#define QMGR_REPORT_LOGINNOTICE_H

#include "ipc/ipc.h"

void loginnotice_on_notice(struct ipc *peer, struct msg *m);
/* The channel of PEER is gone. */
void loginnotice_forget(struct ipc *peer);

#endif
