/* SPDX-License-Identifier: ISC */
#ifndef SYS_SEALED_H
#define SYS_SEALED_H

#include "base/err.h"
#include "base/slice.h"

/* A descriptor of TEXT in memory, which nobody can change any more; -1
 * (ERR_TEMP). */
int sealed_open(struct slice text, struct err *err);
/* The same of N pieces, one behind the other. */
int sealed_open_parts(const struct slice *parts, size_t n, struct err *err);

#endif
