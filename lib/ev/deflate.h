/* SPDX-License-Identifier: ISC */
/*
 * DEFLATE (RFC 1951) as a layer of a stream, for COMPRESS of IMAP (RFC 4978).
 * What is written in a turn is one block that the other side can decode at
 * once.  A stream that waits for long is told to rest: it then keeps neither
 * compressor nor decompressor, only what the next bytes may refer to.
 */
#ifndef EV_DEFLATE_H
#define EV_DEFLATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct stream;

/* From here on both ways are compressed; what waits to be sent goes out as it
 * is.  The stream has no layer and no input. */
void deflate_start(struct stream *s);
/* Give memory back until the next byte; nothing happens without this layer. */
void deflate_rest(struct stream *s);

/* S, which rests and has nothing to send, as bytes that deflate_again makes a
 * layer of, in another process too; false: it does not rest. */
bool deflate_save(const struct stream *s, struct buf *out);
bool deflate_again(struct stream *s, struct slice saved);
/* TEXT as who uses this layer would send it, referring to nothing that was sent
 * before, nor anything behind it to TEXT. */
void deflate_apart(struct slice text, struct buf *out);

#endif
