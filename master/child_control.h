/* SPDX-License-Identifier: ISC */
/* What the processes say of themselves, and their end. */
#ifndef MASTER_CHILD_CONTROL_H
#define MASTER_CHILD_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

#include "ipc/ipc.h"
#include "ipc/msg.h"

/* From the control channels: master_hello, master_ready, master_idle, and that
 * there will be no more. */
void child_on_hello(struct ipc *peer, struct msg *m);
void child_on_ready(struct ipc *peer, struct msg *m);
void child_on_idle(struct ipc *peer, struct msg *m);
void child_on_gone(struct ipc *peer);

/* Process PID has ended with STATUS (waitpid). */
void child_reap(pid_t pid, int status);
/* Are all fixed slots ready? */
bool child_all_ready(void);

#endif
