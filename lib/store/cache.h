/* SPDX-License-Identifier: ISC */
/* What was made of messages, on its way into the index (cachequeue.h). */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include "base/err.h"

struct mailbox;

/* Into the index; what cannot be written is dropped. */
int cache_flush(struct mailbox *m, struct err *err);

#endif
