/* SPDX-License-Identifier: ISC */
/*
 * Introductions: a process (or ctl) asks to be connected to another; if its
 * declared reach allows it, both get one end of a fresh pair and are told the
 * other's role.  Requests for a process that is not ready yet wait for it.  Of
 * one asker for one process one is under way at a time (ipc/door.h).  imapd and
 * pop3d are reached by a ticket alone (master/admit.h).
 */
#ifndef MASTER_INTRO_H
#define MASTER_INTRO_H

#include "ipc/ipc.h"
#include "master/child.h"

void intro_on_connect(struct ipc *peer, struct msg *m);
void intro_on_met(struct ipc *peer, struct msg *m);
void intro_on_admit(struct ipc *peer, struct msg *m);
void intro_on_changed(struct ipc *peer, struct msg *m);
/* C is ready: serve those who wait for it. */
void intro_ready(struct child *c);
/* C's process has ended: forget whom it was to meet. */
void intro_end(struct child *c);
/* C will not be: tell them WHY. */
void intro_fail(struct child *c, const char *why);
/* PEER is gone: forget what it asked for. */
void intro_forget(const struct ipc *peer);

#endif
