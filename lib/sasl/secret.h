/* SPDX-License-Identifier: ISC */
/* Bytes that must leave no copy behind: a buffer that is as large as it may
 * get from the start, so that it never moves, and is wiped before it goes. */
#ifndef SASL_SECRET_H
#define SASL_SECRET_H

#include <stddef.h>

#include "base/buf.h"

void secret_init(struct buf *b, size_t max);
/* Empty and wiped; the memory stays. */
void secret_wipe(struct buf *b);
/* Wiped and freed; harmless on a buffer that was never begun. */
void secret_fini(struct buf *b);

#endif
