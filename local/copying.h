/* SPDX-License-Identifier: ISC */
/*
 * The bytes of a message on their way into a mailbox's file, or into the text
 * that many files get: without the Return-Path that it had, and with the places
 * of its record (record.h) and its checksum noted as they go by.
 */
#ifndef LOCAL_COPYING_H
#define LOCAL_COPYING_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "local/record.h"

struct append;
struct append_text;

struct local_copy {
	struct append *append; /* one of the two is where they go */
	struct append_text *text;
	struct record_places *places;
	int64_t done;           /* bytes of the message */
	uint32_t crc;           /* of these */
	struct slice all;       /* the header, see copying_begin */
	struct slice header;    /* what of it stands behind leave_out */
	struct slice leave_out; /* the foreign Return-Path that is left out
				 * next; its place says which bytes these are */
};

/* F->append or F->text is set, and has what stands before the message.  HEADER
 * is its first bytes, RECORD may be NULL; both stay until copying_end. */
void copying_begin(
    struct local_copy *f, struct slice header, struct record *record);
void copying_end(struct local_copy *f);
/* The next PIECE of the message. */
int copying_put(struct local_copy *f, struct slice piece, struct err *err);

#endif
