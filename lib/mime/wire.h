/* SPDX-License-Identifier: ISC */
/*
 * The record of a message (mime/record.h) on its way from where the message is
 * read (smtpd) to where it is kept (local).
 *
 * Its places are those of a message whose lines all end in CRLF; lines are not
 * counted in it: who keeps the message counts for himself.  A record has one
 * form, and mime_wire_get takes nothing else: whoever wrote it, what comes out
 * describes a message of that size, tells a client nothing but well-formed
 * strings, and costs a reader no more than one walk through the message.
 */
#ifndef MIME_WIRE_H
#define MIME_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct mime_tree;

/* A larger one is not passed on: its message is parsed when a client asks. */
enum { MIME_WIRE_MAX = 16 << 10 };

/* Add the record of T, which loses its counts of lines, and its fields where
 * there is no room for them.  False, and nothing added: too large, T was cut by
 * a limit, or not all lines ended in CRLF. */
bool mime_wire_put(struct buf *out, struct mime_tree *t);

/* The tree in TEXT, borrowing from it, and the Date field (SENT_S, seconds
 * since 1970; 0: none); NULL unless it is the record of a message of SIZE
 * bytes.  All `lines` are 0, all `crlf_bytes` are `bytes`. */
struct mime_tree *mime_wire_get(
    struct slice text, int64_t size, int64_t *sent_s);

#endif
