/* SPDX-License-Identifier: ISC */
/*
 * The index's record of a message (mime/record.h), which came with the message
 * (mime/wire.h): nothing of what the message says is parsed here.
 *
 * A record tells where parts begin and end in the message as it stands in the
 * queue.  Where that is in the mailbox's file, which has other line ends and
 * other fields at its top, the store says as the bytes go in: the places are
 * the record's, the counts are the store's.
 */
#ifndef LOCAL_RECORD_H
#define LOCAL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct record;
struct record_places;

/* The record TEXT (borrowed) of a message of SIZE bytes; NULL when it is none.
 */
struct record *record_new(struct slice text, int64_t size);
/* *R may be NULL, as R below: a message without a record. */
void record_free(struct record **r);

/* The places of R in one mailbox's file; R stays until they are freed. */
struct record_places *record_places_new(struct record *r);
void record_places_free(struct record_places **p);
/* The message's byte at which the next place stands: those before it are
 * written, then record_reach is called.  INT64_MAX: none. */
int64_t record_next(const struct record_places *p);
/* The bytes before AT are written, BYTES in the file and WIRE on the wire. */
void record_reach(
    struct record_places *p, int64_t at, int64_t bytes, int64_t wire);
/* All were written, behind BYTES (WIRE on the wire) that were not counted: add
 * the record of the file to OUT; SENT_S is the message's Date (seconds since
 * 1970; 0: none).  False: there is none. */
bool record_put(const struct record_places *p, int64_t bytes, int64_t wire,
    struct buf *out, int64_t *sent_s);
/* Larger than any. */
enum { RECORD_MAX_BYTES = 64 << 10 };

#endif
