/* SPDX-License-Identifier: ISC */
/*
 * A client's DEFLATE: whatever it sends, and wherever the session rests in
 * between, what comes out is what one inflater makes of the whole, as far as
 * that goes, and the end comes.  First octet: how often it rests.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/deflate.h"
#include "ev/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20, STUCK_MS = 5000 };

static struct {
	struct stream stream;
	struct ev_io io;
	struct ev_timer stuck;
	struct slice data;
	size_t sent, piece;
	struct buf got;
	bool ended;
} run;

static void
on_input(struct stream *s)
{
	buf_add(&run.got, stream_input(s));
	stream_consume(s, stream_input(s).n);
	if (run.got.failed)
		stream_finish(s);
}

static void
on_end(struct stream *s, enum stream_end why)
{
	(void)why;
	run.ended = true;
	stream_close(s);
	ev_stop();
}

static const struct stream_handler handler = { .on_input = on_input,
	.on_end = on_end };
static const struct stream_limits limits = { 4096, 100000, 50000, 100 };

/* A piece, when the one before was taken. */
static void
on_far(struct ev_io *io, unsigned events)
{
	const struct slice next =
	    slice_sub(run.data, run.sent, run.sent + run.piece);
	const ssize_t n =
	    send(io->fd, next.p, next.n, MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)events;
	run.sent += n > 0 ? (size_t)n : 0;
	if (!run.ended)
		deflate_rest(&run.stream);
	if (run.sent == run.data.n || (n == -1 && errno != EAGAIN)) {
		ev_io_stop(io);
		(void)shutdown(io->fd, SHUT_WR);
	}
}

static void
on_stuck(struct ev_timer *t)
{
	(void)t;
	must(run.ended);
}

/* What zlib makes of all of it at once. */
static void
compare(void)
{
	struct buf want;
	z_stream z = { 0 };
	int rc;

	buf_init(&want, 2 * MOST);
	must(inflateInit2(&z, -15) == Z_OK);
	z.next_in = (const Bytef *)run.data.p;
	z.avail_in = (uInt)run.data.n;
	do {
		z.next_out = (Bytef *)buf_room(&want, 8192);
		z.avail_out = 8192;
		rc = inflate(&z, Z_SYNC_FLUSH);
		buf_added(&want, 8192 - z.avail_out);
	} while (rc == Z_OK && want.n < MOST && z.avail_out == 0);
	(void)inflateEnd(&z);
	/* Where it is wrong, the last piece may not have been handed out. */
	must(slice_starts(buf_slice(&want), buf_slice(&run.got)) ||
	     run.got.failed);
	must(rc != Z_OK || run.got.failed || run.got.n == want.n ||
	     want.n >= MOST);
	buf_fini(&want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	int pair[2];

	if (size < 2)
		return 0;
	if (!begun)
		ev_init();
	begun = true;
	run.data = slice_of(data + 1, size - 1);
	run.piece = 1 + data[0];
	run.sent = 0;
	run.ended = false;
	buf_init(&run.got, MOST);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		 pair) == 0);
	stream_init(&run.stream, pair[0], &handler, &limits);
	deflate_start(&run.stream);
	ev_io_init(&run.io, pair[1], on_far);
	ev_io_set(&run.io, EV_WRITE);
	ev_timer_init(&run.stuck, on_stuck);
	ev_timer_set(&run.stuck, STUCK_MS);
	ev_run();
	ev_timer_stop(&run.stuck);
	ev_io_stop(&run.io);
	close(pair[1]);
	compare();
	buf_fini(&run.got);
	return 0;
}
