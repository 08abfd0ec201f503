/* SPDX-License-Identifier: ISC */
/* What sits between a stream and its fd (stream.h). */
#ifndef EV_LAYER_H
#define EV_LAYER_H

#include <stdbool.h>
#include <sys/types.h>

struct stream;
struct stream_layer;

/* What sits between the stream and its fd (TLS).  read and write give bytes
 * moved, 0 at the end (read), -1 with errno, or STREAM_WAIT with `want` set to
 * the EV_ bits to wait for (0: the layer calls stream_kick itself).  After a
 * STREAM_WAIT the stream asks again when that event or a kick came, never
 * before, whatever `pending` says. */
enum { STREAM_WAIT = -2 };
struct stream_layer_ops {
	ssize_t (*read)(struct stream_layer *l, char *p, size_t n);
	ssize_t (*write)(struct stream_layer *l, const char *p, size_t n);
	/* Another read may give something although the socket is silent. */
	bool (*pending)(struct stream_layer *l);
	void (*shutdown)(struct stream_layer *l); /* best effort close notice */
	void (*free)(struct stream_layer *l);
};
struct stream_layer {
	const struct stream_layer_ops *ops;
	struct stream *stream;
	unsigned want;
};

#endif
