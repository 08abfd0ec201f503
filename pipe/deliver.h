/* SPDX-License-Identifier: ISC */
/* Jobs of qmgr: a command for each recipient, and what became of it. */
#ifndef PIPE_DELIVER_H
#define PIPE_DELIVER_H

#include <stdbool.h>

#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "pipe/environ.h"

/* OWNER (borrowed for good) is who this process runs commands as; those of
 * ALIASES unless he is a person. */
struct aliases;
void pipe_deliver_init(
    const struct owner *owner, const struct aliases *aliases);
/* job_start */
void pipe_deliver_on_job(struct ipc *peer, struct msg *m);
/* PEER is gone: its commands come to their end, further ones do not begin. */
void pipe_deliver_forget(struct ipc *peer);
/* Begin no further command: qmgr tries again what has not begun. */
void pipe_deliver_stop(void);
/* Jobs are here; after the stop, commands run. */
bool pipe_deliver_busy(void);

#endif
