/* SPDX-License-Identifier: ISC */
#ifndef CTL_SUMMARY_PRINT_H
#define CTL_SUMMARY_PRINT_H

#include <stddef.h>

#include "base/buf.h"

struct day;

/* Add D to OUT for people, with at most N of many names, or as an object of
 * JSON. */
void print_day(struct buf *out, const struct day *d, size_t n);
void print_day_json(struct buf *out, const struct day *d, size_t n);

#endif
