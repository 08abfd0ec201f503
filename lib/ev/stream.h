/* SPDX-License-Identifier: ISC */
/*
 * A buffered byte stream on the loop, with limits and a deadline.
 *
 * Input: on_input runs when new bytes stand in `in`; the handler takes what it
 * understands with stream_consume and leaves the rest for the next time.
 * While paused, or while more than out_high bytes wait to be written, nothing
 * is read, so a client cannot make the other side's work pile up.
 * Output: what stream_write collects is sent at the end of the turn, so
 * pipelined replies share one write.  on_drain runs when the output has
 * been sent below out_low, for producers of long answers.
 * End: on_end runs once: the peer is gone, the deadline passed, or a limit was
 * passed.  Nothing is freed by the stream itself; the owner calls
 * stream_close, in a callback too.
 * An idle stream holds no buffers.
 */
#ifndef EV_STREAM_H
#define EV_STREAM_H

#include "base/buf.h"
#include "ev/loop.h"

struct stream;
struct stream_layer;

enum stream_end {
	STREAM_EOF,      /* the peer sends no more: all input was handed out,
			  * all output sent (it may still read) */
	STREAM_ERROR,    /* connection lost; see saved_errno */
	STREAM_TIMEOUT,  /* the deadline passed */
	STREAM_OVERFLOW, /* output limit passed, or input full and not taken */
};

struct stream_handler {
	void (*on_input)(struct stream *s);
	void (*on_drain)(struct stream *s); /* may be NULL */
	void (*on_end)(struct stream *s, enum stream_end why);
	void (*on_connect)(struct stream *s); /* clients: may be NULL */
};

struct stream_limits {
	size_t in_max;   /* largest line or piece the handler must see whole */
	size_t out_max;  /* most output that may wait */
	size_t out_high; /* from here on nothing is read */
	size_t out_low;  /* below this on_drain runs */
};

struct stream {
	struct ev_io io;
	struct ev_timer deadline;
	struct ev_task flush;
	struct buf in;
	struct buf out;
	size_t out_sent;     /* bytes at the front of out already sent */
	uint64_t sent_bytes; /* since the beginning, layer and socket took */
	const struct stream_handler *handler;
	const struct stream_limits *limits;
	struct stream_layer *layer; /* owned */
	bool *gone;                 /* set when closed inside a callback */
	int saved_errno;
	unsigned read_want, write_want; /* EV_ bits that these wait for */
	uint32_t chunk;                 /* bytes to read at once */
	bool paused, connecting, ended, want_drain, closing, hup, in_input;
	bool want_input, eof, noisy, corked, quickack;
};

/* Take over FD (non-blocking).  HANDLER and LIMITS are borrowed for good. */
void stream_init(struct stream *s, int fd, const struct stream_handler *handler,
    const struct stream_limits *limits);
/* The fd is still connecting: on_connect or on_end tells. */
void stream_init_connecting(struct stream *s, int fd,
    const struct stream_handler *handler, const struct stream_limits *limits);
/* Free buffers and layer, close the fd.  No callback follows. */
void stream_close(struct stream *s);
/* Send what waits, then on_end(STREAM_EOF) as if the peer had closed. */
void stream_finish(struct stream *s);
/* Free everything but the fd, which is the caller's now. */
int stream_release_fd(struct stream *s);

static inline struct slice
stream_input(const struct stream *s)
{
	return buf_slice(&s->in);
}
void stream_consume(struct stream *s, size_t n);

void stream_write(struct stream *s, struct slice bytes);
void stream_printf(struct stream *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for N bytes in the output (NULL past the limit); see buf_room. */
struct buf *stream_out(struct stream *s);
/* While corked, output is collected and not sent, for replies that belong
 * together and do not come in one turn; stream_finish pulls the cork. */
void stream_cork(struct stream *s, bool on);
/* Bytes that wait to be sent. */
size_t stream_waiting(const struct stream *s);
/* Ask for one on_drain when the output is below out_low (at once if it is). */
void stream_want_drain(struct stream *s);

/* on_input does not run between these; resume runs it when input is there. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* Acknowledge TCP segments at once, for clients that hold back a piece until
 * the last one is acknowledged (Nagle's algorithm; our kernel takes 40 ms). */
void stream_quickack(struct stream *s, bool on);

/* on_end(STREAM_TIMEOUT) MS from now; 0: never.  Each call starts anew. */
void stream_set_deadline(struct stream *s, int64_t ms);

/* Put LAYER (taken) between stream and fd.  Input must be empty: nothing that
 * came before STARTTLS may count after it.  Output that waits is sent through
 * the layer. */
void stream_set_layer(struct stream *s, struct stream_layer **layer);
/* The layer may make progress again. */
void stream_kick(struct stream *s);

#endif
