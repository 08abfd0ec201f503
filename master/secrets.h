/* SPDX-License-Identifier: ISC */
/* Files of secrets that a daemon's configuration names: opened here, where it
 * is possible, and handed over. */
#ifndef MASTER_SECRETS_H
#define MASTER_SECRETS_H

#include "ipc/ipc.h"

struct child;

/* Which parameters of its daemon are secrets; heard before its hello only. */
void secrets_on_wants(struct ipc *peer, struct msg *m);
/* Send C the files that its secrets name in TEXT, its daemon's configuration
 * file.  One that cannot be opened is logged, and C says what it lacks. */
void secrets_send(const struct child *c, struct slice text);

#endif
