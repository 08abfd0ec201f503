/* SPDX-License-Identifier: ISC */
/* Who this process is to others, and its channels, before it talks (ipc.h). */
#ifndef IPC_SETUP_H
#define IPC_SETUP_H

#include <sys/types.h>

#include "ipc/role.h"

struct ipc;
struct ipc_table;

/* Called by lib/proc (and ctl) before anything else: who we are, our table
 * (borrowed for good), and the channel to master, which is then read here. */
void ipc_setup(enum role self, const struct ipc_table *table);
void ipc_set_self(enum role self); /* on channels from now on (tests) */
struct ipc *ipc_set_master(int fd);
/* A channel whose peer master has told us of; takes FD. */
struct ipc *ipc_accept(int fd, enum role role, unsigned index, uid_t uid);

void ipc_set_count(enum role role, unsigned count);

#endif
