/* SPDX-License-Identifier: ISC */
/* The children: one for each run, so that none has anything of another's. */
#ifndef SIEVERUN_POOL_H
#define SIEVERUN_POOL_H

#include <stdbool.h>

#include "base/err.h"

struct ipc;
struct msg;

/* CONFINE is called in each child before it reads anything. */
void pool_init(int (*confine)(struct err *err));
void pool_on_open(struct ipc *peer, struct msg *m);
void pool_on_gone(struct ipc *peer);
bool pool_busy(void);

#endif
