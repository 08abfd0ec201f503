/* SPDX-License-Identifier: ISC */
#include "ev/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/layer.h"

/* Read this much at once: little at first, more while that much comes, so that
 * thousands of small talkers cost little and a bulk sender few calls. */
enum { READ_FIRST = 8192, READ_MOST = 65536 };

/* A layer with much inside gives way to the other watchers after as many. */
enum { READS_A_TURN = 16 };

/* What an attempt to read came to. */
enum reading {
	READ_GOT,  /* input, handed out */
	READ_WAIT, /* nothing now: the loop tells when to try again */
	READ_OVER, /* closed or ended */
};

/* Run a callback that may close the stream; true when it did. */
static bool
call(struct stream *s, void (*fn)(struct stream *))
{
	bool gone = false;
	bool *outer = s->gone;

	s->gone = &gone;
	fn(s);
	if (gone) {
		if (outer != NULL)
			*outer = true;
		return true;
	}
	s->gone = outer;
	return false;
}

static void
end(struct stream *s, enum stream_end why)
{
	if (s->ended)
		return;
	s->ended = true;
	s->saved_errno = errno;
	ev_timer_stop(&s->deadline);
	ev_task_cancel(&s->flush);
	ev_io_stop(&s->io);
	s->handler->on_end(s, why);
}

size_t
stream_waiting(const struct stream *s)
{
	return s->out.n - s->out_sent;
}

static bool
may_read(const struct stream *s)
{
	return !s->paused && !s->closing && !s->connecting && !s->ended &&
	       !s->eof && stream_waiting(s) <= s->limits->out_high;
}

/* Most pauses end before anything comes: the loop is told only then. */
static bool
is_quiet_pause(const struct stream *s)
{
	return s->paused && !s->noisy && !s->hup && !s->closing && !s->eof &&
	       (s->io.events & EV_READ) != 0;
}

/* What waits and is sent at the end of the turn asks the loop for nothing, as
 * long as it goes. */
static unsigned
want_to_send(const struct stream *s)
{
	if (stream_waiting(s) == 0 || s->corked)
		return 0;
	return s->flush.queued ? s->io.events & s->write_want : s->write_want;
}

/* Tell the loop what the stream waits for now. */
static void
watch(struct stream *s)
{
	unsigned want = 0;

	if (s->ended)
		return;
	if (s->connecting)
		want = EV_WRITE;
	else {
		if (may_read(s) || is_quiet_pause(s))
			want |= s->read_want;
		want |= want_to_send(s);
	}
	/* A hung-up fd would wake us without end: leave the loop. */
	if (want == 0 && s->hup)
		ev_io_stop(&s->io);
	else
		ev_io_set(&s->io, want);
}

static ssize_t
raw_read(struct stream *s, char *p, size_t n)
{
	ssize_t got;

	if (s->layer != NULL) {
		got = s->layer->ops->read(s->layer, p, n);
		s->read_want = got == STREAM_WAIT ? s->layer->want : EV_READ;
		return got;
	}
	/* O_NONBLOCK is also in the hands of whoever gave us the socket. */
	got = recv(s->io.fd, p, n, MSG_DONTWAIT);
	if (got == -1 && errno == ENOTSOCK)
		got = read(s->io.fd, p, n);
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return STREAM_WAIT;
	return got;
}

static ssize_t
raw_write(struct stream *s, const char *p, size_t n)
{
	ssize_t put;

	if (s->layer != NULL) {
		put = s->layer->ops->write(s->layer, p, n);
		s->write_want = put == STREAM_WAIT ? s->layer->want : EV_WRITE;
		return put;
	}
	put = send(s->io.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (put == -1 && errno == ENOTSOCK)
		put = write(s->io.fd, p, n);
	if (put == -1 && (errno == EAGAIN || errno == EINTR))
		return STREAM_WAIT;
	return put;
}

/* Send what waits; true when the stream was ended on the way. */
static bool
send_out(struct stream *s)
{
	if (s->out.failed) {
		errno = ENOBUFS;
		end(s, STREAM_OVERFLOW);
		return true;
	}
	while (stream_waiting(s) > 0 && !s->corked) {
		const ssize_t n =
		    raw_write(s, s->out.p + s->out_sent, stream_waiting(s));

		if (n == STREAM_WAIT)
			break;
		if (n <= 0) {
			end(s, STREAM_ERROR);
			return true;
		}
		s->out_sent += (size_t)n;
		s->sent_bytes += (uint64_t)n;
	}
	if (stream_waiting(s) == 0) {
		buf_fini(&s->out);
		s->out_sent = 0;
	} else if (s->out_sent > s->out.n / 2) {
		buf_consume(&s->out, s->out_sent);
		s->out_sent = 0;
	}
	return false;
}

/* A little input left in a large buffer may stay there for hours. */
static void
shrink(struct buf *in)
{
	struct buf small;

	buf_init(&small, in->max);
	if (in->n > 0)
		buf_add(&small, buf_slice(in));
	buf_fini(in);
	*in = small;
}

/* Hand out input as long as it is taken; true when closed or ended. */
static bool
give_input(struct stream *s)
{
	size_t before;

	if (s->in_input)
		return false;
	do {
		before = s->in.n;
		s->in_input = true;
		if (call(s, s->handler->on_input))
			return true;
		s->in_input = false;
		if (s->ended)
			return true;
	} while (may_read(s) && s->in.n > 0 && s->in.n < before);
	/* What is left was not refused but held up: come back to it. */
	if (s->in.n > 0 && !may_read(s))
		s->want_input = true;
	if (s->in.n < s->in.cap / 8)
		shrink(&s->in);
	return false;
}

/* The end that waited for the output to be sent; true when it is here. */
static bool
finished(struct stream *s)
{
	if ((!s->closing && (!s->eof || s->paused)) || stream_waiting(s) > 0)
		return false;
	end(s, STREAM_EOF);
	return true;
}

/* The kernel leaves this mode by itself, so it is asked for after each read.
 * No matter where it is no TCP. */
static void
acknowledge(const struct stream *s)
{
	const int on = 1;

	(void)setsockopt(s->io.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static enum reading
read_once(struct stream *s)
{
	size_t room = s->in.max - s->in.n;
	ssize_t n;
	char *to;

	if (room == 0) {
		end(s, STREAM_OVERFLOW);
		return READ_OVER;
	}
	if (room > s->chunk)
		room = s->chunk;
	to = buf_room(&s->in, room);
	n = raw_read(s, to, room);
	if (n > 0) {
		if ((size_t)n == room && s->chunk < READ_MOST)
			s->chunk *= 2;
		else if ((size_t)n < s->chunk / 4 && s->chunk > READ_FIRST)
			s->chunk /= 2;
		buf_added(&s->in, (size_t)n);
		if (give_input(s))
			return READ_OVER;
		/* More is waited for: what was whole has its answer, which
		 * acknowledges as well. */
		if (s->quickack)
			acknowledge(s);
		return READ_GOT;
	}
	if (s->in.n == 0)
		buf_fini(&s->in);
	if (n == STREAM_WAIT)
		return READ_WAIT;
	if (n == 0) {
		/* Who shut down one way only still reads the answers. */
		s->eof = true;
		return finished(s) ? READ_OVER : READ_WAIT;
	}
	end(s, STREAM_ERROR);
	return READ_OVER;
}

/* Read what is there: once from a socket, which the loop tells of again; as
 * long as it gives something from a layer, whose insides it knows nothing of.
 * True when closed or ended. */
static bool
read_in(struct stream *s)
{
	bool more = s->layer != NULL && s->layer->ops->pending(s->layer);

	for (int i = 0; i < READS_A_TURN && may_read(s); i++) {
		const enum reading got = read_once(s);

		if (got == READ_OVER)
			return true;
		more = got == READ_GOT && s->layer != NULL &&
		       s->layer->ops->pending(s->layer);
		if (!more)
			break;
	}
	if (more) {
		s->want_input = true;
		if (may_read(s))
			ev_task_queue(&s->flush);
	}
	return false;
}

static bool
drained(struct stream *s)
{
	if (!s->want_drain || s->ended ||
	    stream_waiting(s) > s->limits->out_low)
		return false;
	s->want_drain = false;
	return s->handler->on_drain != NULL && call(s, s->handler->on_drain);
}

/* Send, and let a producer write more: as much as goes in one turn.  True when
 * closed or ended. */
static bool
progress_out(struct stream *s)
{
	if (send_out(s) || drained(s))
		return true;
	if (s->want_drain && stream_waiting(s) <= s->limits->out_low)
		ev_task_queue(&s->flush);
	return finished(s);
}

/* What can be done in this turn.  It ends whatever comes: a layer that waits
 * is not asked again, one that gives more and more is asked in later turns. */
static void
progress(struct stream *s)
{
	if (progress_out(s))
		return;
	if (may_read(s)) {
		const bool held_up = s->want_input;

		s->want_input = false;
		if (held_up && s->in.n > 0 && give_input(s))
			return;
		if (read_in(s))
			return;
	}
	if (stream_waiting(s) > 0 && !s->corked)
		ev_task_queue(&s->flush);
	watch(s);
}

static void
on_flush(struct ev_task *task)
{
	struct stream *s = OUTER(task, struct stream, flush);

	if (s->ended || progress_out(s))
		return;
	if (s->want_input && may_read(s))
		progress(s);
	else
		watch(s);
}

static void
connected(struct stream *s)
{
	int error = 0;
	socklen_t len = sizeof error;

	(void)getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		errno = error;
		end(s, STREAM_ERROR);
		return;
	}
	s->connecting = false;
	if (s->handler->on_connect != NULL && call(s, s->handler->on_connect))
		return;
	watch(s);
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	struct stream *s = OUTER(io, struct stream, io);

	if (s->connecting) {
		connected(s);
		return;
	}
	if ((events & EV_HUP) != 0)
		s->hup = true;
	s->noisy = s->paused && (events & EV_READ) != 0;
	progress(s);
}

static void
on_deadline(struct ev_timer *t)
{
	errno = ETIMEDOUT;
	end(OUTER(t, struct stream, deadline), STREAM_TIMEOUT);
}

void
stream_init(struct stream *s, int fd, const struct stream_handler *handler,
    const struct stream_limits *limits)
{
	*s = (struct stream){
		.handler = handler,
		.limits = limits,
		.chunk = READ_FIRST,
		.read_want = EV_READ,
		.write_want = EV_WRITE,
	};
	ev_io_init(&s->io, fd, on_ready);
	ev_timer_init(&s->deadline, on_deadline);
	ev_task_init(&s->flush, on_flush);
	buf_init(&s->in, limits->in_max);
	buf_init(&s->out, limits->out_max);
	watch(s);
}

void
stream_init_connecting(struct stream *s, int fd,
    const struct stream_handler *handler, const struct stream_limits *limits)
{
	stream_init(s, fd, handler, limits);
	s->connecting = true;
	watch(s);
}

int
stream_release_fd(struct stream *s)
{
	const int fd = s->io.fd;

	ev_timer_stop(&s->deadline);
	ev_task_cancel(&s->flush);
	ev_io_stop(&s->io);
	buf_fini(&s->in);
	buf_fini(&s->out);
	if (s->layer != NULL) {
		s->layer->ops->free(s->layer);
		s->layer = NULL;
	}
	s->ended = true;
	s->io.fd = -1;
	if (s->gone != NULL)
		*s->gone = true;
	return fd;
}

void
stream_close(struct stream *s)
{
	int fd;

	if (s->layer != NULL)
		s->layer->ops->shutdown(s->layer);
	fd = stream_release_fd(s);
	if (fd != -1)
		close(fd);
}

void
stream_finish(struct stream *s)
{
	s->closing = true;
	s->corked = false;
	ev_task_queue(&s->flush);
}

void
stream_consume(struct stream *s, size_t n)
{
	buf_consume(&s->in, n);
}

struct buf *
stream_out(struct stream *s)
{
	if (!s->corked)
		ev_task_queue(&s->flush);
	return &s->out;
}

void
stream_cork(struct stream *s, bool on)
{
	if (s->corked == on || s->closing)
		return;
	s->corked = on;
	if (!on && !s->ended && stream_waiting(s) > 0)
		ev_task_queue(&s->flush);
}

void
stream_write(struct stream *s, struct slice bytes)
{
	if (!s->ended)
		buf_add(stream_out(s), bytes);
}

void
stream_printf(struct stream *s, const char *fmt, ...)
{
	char text[1024];
	char *big = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	must(n >= 0);
	if ((size_t)n >= sizeof text) {
		va_start(ap, fmt);
		n = vasprintf(&big, fmt, ap);
		va_end(ap);
		must(n >= 0);
	}
	stream_write(s, slice_of(big != NULL ? big : text, (size_t)n));
	free(big);
}

void
stream_want_drain(struct stream *s)
{
	s->want_drain = true;
	ev_task_queue(&s->flush);
}

void
stream_pause(struct stream *s)
{
	s->paused = true;
}

void
stream_resume(struct stream *s)
{
	if (!s->paused)
		return;
	s->paused = s->noisy = false;
	/* What the socket holds the loop tells of. */
	if (s->in.n > 0 || s->layer != NULL)
		s->want_input = true;
	ev_task_queue(&s->flush);
}

void
stream_quickack(struct stream *s, bool on)
{
	s->quickack = on;
}

void
stream_set_deadline(struct stream *s, int64_t ms)
{
	if (ms == 0)
		ev_timer_stop(&s->deadline);
	else if (!s->ended)
		ev_timer_set(&s->deadline, ms);
}

void
stream_set_layer(struct stream *s, struct stream_layer **layer)
{
	must(s->layer == NULL && s->in.n == 0);
	s->layer = *layer;
	*layer = NULL;
	s->layer->stream = s;
	s->want_input = true;
	ev_task_queue(&s->flush);
}

void
stream_kick(struct stream *s)
{
	if (s->ended)
		return;
	s->want_input = true;
	ev_task_queue(&s->flush);
}
