/* SPDX-License-Identifier: ISC */
/* What message_cache was given and is not in the index yet. */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include "base/err.h"
#include "store/inner.h"

/* Into the index; what cannot be written is dropped. */
int cache_flush(struct mailbox *m, struct err *err);
void cache_drop(struct mailbox *m);

#endif
