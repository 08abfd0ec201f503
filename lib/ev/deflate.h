/* SPDX-License-Identifier: ISC */
/*
 * DEFLATE (RFC 1951) as a layer of a stream, for COMPRESS of IMAP (RFC 4978).
 * What is written in a turn is one block that the other side can decode at
 * once.  A stream that waits for long is told to rest: it then keeps neither
 * compressor nor decompressor, only what the next bytes may refer to.
 */
#ifndef EV_DEFLATE_H
#define EV_DEFLATE_H

struct stream;

/* From here on both ways are compressed; what waits to be sent goes out as it
 * is.  The stream has no layer and no input. */
void deflate_start(struct stream *s);
/* Give memory back until the next byte; nothing happens without this layer. */
void deflate_rest(struct stream *s);

#endif
