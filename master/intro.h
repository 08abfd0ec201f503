/* SPDX-License-Identifier: ISC */
/*
 * Introductions: a process (or ctl) asks to be connected to another; if its
 * declared reach allows it, both get one end of a fresh pair and are told the
 * other's role.  Requests for a process that is not ready yet wait for it.
 */
#ifndef MASTER_INTRO_H
#define MASTER_INTRO_H

#include "ipc/ipc.h"
#include "master/child.h"

/* master_connect */
void intro_on_connect(struct ipc *peer, struct msg *m);
/* C is ready: serve those who wait for it. */
void intro_ready(struct child *c);
/* PEER is gone: forget what it asked for. */
void intro_forget(const struct ipc *peer);

#endif
