/* SPDX-License-Identifier: ISC */
/*
 * A message with parts in binary (RFC 2045 6.2, RFC 3030 3) as one of lines,
 * while it comes: such a leaf part becomes base 64, and its content stays the
 * same, octet for octet.  A multipart or message that is said to be binary
 * becomes 8bit.  Everything else passes as it is.
 *
 * A boundary in a binary part begins behind CRLF and nothing less.  Where a
 * boundary is the beginning of another, or a line goes on behind it, it is
 * found as mime/parser.h finds it.
 */
#ifndef MIME_UNBINARY_H
#define MIME_UNBINARY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct unbinary;

struct unbinary *unbinary_new(void);
/* *U may be NULL. */
void unbinary_free(struct unbinary **u);
/* Add what becomes of PIECE to the output, as far as that can be told: at most
 * half as much again, and a header that was held. */
void unbinary_feed(struct unbinary *u, struct slice piece);
/* The message has ended. */
void unbinary_end(struct unbinary *u);
/* The output, from which its reader takes what he has read. */
struct buf *unbinary_out(struct unbinary *u);
/* A binary part was found in what is signed (RFC 1847 2.1), and changed. */
bool unbinary_broke_signature(const struct unbinary *u);

#endif
