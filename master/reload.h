/* SPDX-License-Identifier: ISC */
/*
 * Taking up a new configuration, or only trying it.
 *
 * The files are read once; new addresses are bound; every service is tried with
 * them (master/trial.h); only then do the processes that run get them.  Each
 * answers; a no, and everything is taken back.  One at a time; requests that
 * come meanwhile are answered by one more.
 */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

#include "ipc/ipc.h"

void reload_init(void);
/* Try the files as they are now and, with APPLY, take them up.  PEER gets
 * master_controlled with ID: what became of it, a line for each service or each
 * mistake.  Where that takes long it gets, before, who is waited for.  PEER
 * NULL: nobody asks, the log says it. */
void reload_request(struct ipc *peer, uint64_t id, bool apply);
/* PEER is gone. */
void reload_forget(const struct ipc *peer);

#endif
