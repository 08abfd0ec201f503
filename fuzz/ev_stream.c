/* SPDX-License-Identifier: ISC */
/*
 * Records of a layer (TLS) against the stream above it: whatever the sizes of
 * the records, of the pieces the peer sends, and of the bites the handler
 * takes, every octet comes once and in order, and the end comes.  The input is
 * a plan (an octet for each decision, read in a circle) and then the data.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/layer.h"
#include "ev/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAN = 32, IN_MAX = 64, STUCK_MS = 5000 };

static struct {
	struct slice plan;
	size_t at;
	struct slice data; /* what is sent */
	size_t sent, got;
	int far;
	bool ended;
	struct ev_io io;
	struct ev_timer stuck;
	struct stream stream;
} run;

static unsigned
decide(unsigned n)
{
	const uint8_t c = (uint8_t)run.plan.p[run.at++ % run.plan.n];

	return c % n;
}

/* A layer that hands out a record when it has all of it; its length stands
 * before it, in one octet. */
struct records {
	struct stream_layer layer;
	char raw[300];
	size_t n;     /* in raw */
	size_t given; /* of the record in front */
	bool waits;
};

static bool
is_whole(const struct records *r)
{
	return r->n > 0 && r->n > (uint8_t)r->raw[0];
}

static ssize_t
records_read(struct stream_layer *l, char *p, size_t n)
{
	struct records *r = OUTER(l, struct records, layer);
	size_t left;

	while (!is_whole(r)) {
		const size_t want = 1 + decide(sizeof r->raw - 1);
		const size_t room = sizeof r->raw - r->n;
		const ssize_t got = read(
		    l->stream->io.fd, r->raw + r->n, want < room ? want : room);

		if (got == -1 && errno == EAGAIN) {
			l->want = EV_READ;
			return STREAM_WAIT;
		}
		if (got <= 0)
			return got;
		r->n += (size_t)got;
	}
	left = (uint8_t)r->raw[0] - r->given;
	if (n > left)
		n = left;
	memcpy(p, r->raw + 1 + r->given, n);
	r->given += n;
	if (r->given == (uint8_t)r->raw[0]) {
		r->n -= 1 + r->given;
		memmove(r->raw, r->raw + 1 + r->given, r->n);
		r->given = 0;
	}
	return (ssize_t)n;
}

static ssize_t
records_write(struct stream_layer *l, const char *p, size_t n)
{
	struct records *r = OUTER(l, struct records, layer);

	(void)p;
	l->want = EV_WRITE;
	r->waits = !r->waits && decide(3) == 0;
	return r->waits ? STREAM_WAIT : (ssize_t)n;
}

static bool
records_pending(struct stream_layer *l)
{
	return is_whole(OUTER(l, struct records, layer));
}

static void
records_shutdown(struct stream_layer *l)
{
	(void)l;
}

static void
records_free(struct stream_layer *l)
{
	free(OUTER(l, struct records, layer));
}

static const struct stream_layer_ops ops = { records_read, records_write,
	records_pending, records_shutdown, records_free };

static void
on_input(struct stream *s)
{
	struct slice in = stream_input(s);
	const size_t bite =
	    in.n == IN_MAX ? 1 + decide(IN_MAX) : decide((unsigned)in.n + 1);

	in = slice_sub(in, 0, bite);
	must(slice_eq(in, slice_sub(run.data, run.got, in.n)));
	run.got += in.n;
	stream_consume(s, in.n);
	if (decide(4) == 0)
		stream_write(s, SLICE("reply"));
}

static void
on_end(struct stream *s, enum stream_end why)
{
	const struct slice rest = stream_input(s);

	must(why == STREAM_EOF);
	/* what the handler left stands there still */
	must(slice_eq(rest, slice_from(run.data, run.got)));
	run.ended = true;
	stream_close(s);
	ev_stop();
}

static const struct stream_handler handler = { .on_input = on_input,
	.on_end = on_end };
static const struct stream_limits limits = { IN_MAX, 100000, 50000, 100 };

/* The peer: a record, or a part of several, at a time. */
static void
on_far(struct ev_io *io, unsigned events)
{
	size_t n = run.data.n - run.sent;
	char record[256];

	(void)events;
	if (n == 0) {
		ev_io_stop(io);
		close(io->fd);
		run.far = -1;
		return;
	}
	if (n > 1 + decide(200))
		n = 1 + decide(200);
	if (n > run.data.n - run.sent)
		n = run.data.n - run.sent;
	record[0] = (char)n;
	memcpy(record + 1, run.data.p + run.sent, n);
	must(write(io->fd, record, 1 + n) == (ssize_t)(1 + n));
	run.sent += n;
}

static void
on_stuck(struct ev_timer *t)
{
	(void)t;
	must(run.ended); /* else it waits for ever */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	struct records *r;
	struct stream_layer *layer;
	int pair[2];

	if (size < PLAN)
		return 0;
	if (!begun)
		ev_init();
	begun = true;
	memset(&run, 0, sizeof run);
	run.plan = slice_of(data, PLAN);
	run.data = slice_of(data + PLAN, size - PLAN);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		 pair) == 0);
	stream_init(&run.stream, pair[0], &handler, &limits);
	r = xcalloc(1, sizeof *r);
	r->layer.ops = &ops;
	layer = &r->layer;
	stream_set_layer(&run.stream, &layer);
	run.far = pair[1];
	ev_io_init(&run.io, run.far, on_far);
	ev_io_set(&run.io, EV_WRITE);
	ev_timer_init(&run.stuck, on_stuck);
	ev_timer_set(&run.stuck, STUCK_MS);
	ev_run();
	must(run.ended);
	ev_timer_stop(&run.stuck);
	if (run.far != -1) {
		ev_io_stop(&run.io);
		close(run.far);
	}
	return 0;
}
