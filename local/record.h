/* SPDX-License-Identifier: ISC */
/* The index's record of a message (mime/record.h), made from the same bytes
 * that are being delivered. */
#ifndef LOCAL_RECORD_H
#define LOCAL_RECORD_H

#include "base/slice.h"

struct append;
struct record;

struct record *record_new(void);
/* The next bytes, as they stand on the wire; at most RECORD_PIECE of them. */
enum { RECORD_PIECE = 64 << 10 };
void record_feed(struct record *r, struct slice piece);
/* All bytes were fed: put the record beside the message of A. */
void record_put(struct record *r, struct append *a);
/* *R may be NULL. */
void record_free(struct record **r);

#endif
