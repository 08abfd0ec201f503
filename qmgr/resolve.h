/* SPDX-License-Identifier: ISC */
/* Asking lookup where a recipient's mail goes. */
#ifndef QMGR_RESOLVE_H
#define QMGR_RESOLVE_H

#include "qmgr/message.h"

void resolve_init(void);
/* R ends up at a destination, expanded, or settled; never inside this call. */
void resolve_start(struct rcpt *r);

#endif
