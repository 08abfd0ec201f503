/* SPDX-License-Identifier: ISC */
#include "logger/pipes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "log/named.h"
#include "logger/sink.h"
#include "sys/fd.h"

enum {
	PIECE_BYTES = 32 << 10, /* of one process, then others get a turn */
	PIPE_BYTES = 64 << 10,  /* that a pipe may hold, see pipe(7) */
	GATHER_MS = 4,
};

struct logger_pipe {
	LIST_ENTRY(logger_pipe) link;
	LIST_ENTRY(logger_pipe) gathers;
	bool gathering; /* it has something to read, and is in that list */
	struct ev_io io;
	uint64_t id;
	struct log_writer writer;
	struct buf raw; /* read, and no line yet, or no room for it */
};

static struct {
	LIST_HEAD(, logger_pipe) all;
	LIST_HEAD(, logger_pipe) gathering;
	struct ev_timer gather;
	bool resting;
	int64_t read_ms;
} pipes;

/* The lines of P, as far as there is room for them. */
static void
pass_on(struct logger_pipe *p, bool last)
{
	struct buf out = { .max = LOG_NAMED_MAX };
	struct slice raw = buf_slice(&p->raw);

	while (raw.n > 0 && !logger_sinks_full()) {
		size_t n = slice_find(raw, '\n');

		if (n == raw.n && n < LOG_LINE_MAX && !last)
			break;
		if (n > LOG_LINE_MAX)
			n = LOG_LINE_MAX;
		buf_reset(&out);
		log_named(slice_sub(raw, 0, n), &p->writer, &out);
		logger_sinks_add(buf_slice(&out));
		raw =
		    slice_from(raw, n < raw.n && raw.p[n] == '\n' ? n + 1 : n);
	}
	buf_consume(&p->raw, p->raw.n - raw.n);
	if (p->raw.n == 0)
		buf_fini(&p->raw);
	buf_fini(&out);
}

static void
gathered(struct logger_pipe *p)
{
	if (p->gathering)
		LIST_REMOVE(p, gathers);
	p->gathering = false;
}

static void
end(struct logger_pipe *p)
{
	IPC_SEND(ipc_master(), logger_closed, .pipe = p->id);
	gathered(p);
	ev_io_stop(&p->io);
	fd_close(&p->io.fd);
	LIST_REMOVE(p, link);
	buf_fini(&p->raw);
	free(p);
}

static void
rest(void)
{
	struct logger_pipe *p;

	pipes.resting = true;
	LIST_FOREACH(p, &pipes.all, link)
	ev_io_stop(&p->io);
}

/* Bytes read, 0 when nothing is there or P has ended. */
static size_t
take(struct logger_pipe *p)
{
	char *to = buf_room(&p->raw, PIECE_BYTES);
	const ssize_t n = read(p->io.fd, to, PIECE_BYTES);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0)
		buf_added(&p->raw, (size_t)n);
	pipes.read_ms = ev_now_ms();
	pass_on(p, n <= 0);
	if (logger_sinks_full())
		rest();
	else if (n <= 0)
		end(p);
	return n > 0 ? (size_t)n : 0;
}

/* Who writes a line need not wake this process for it: lines gather in the pipe
 * for a moment, which saves most of the work. */
static void
on_readable(struct ev_io *io, unsigned events)
{
	struct logger_pipe *p = OUTER(io, struct logger_pipe, io);

	(void)events;
	ev_io_stop(io);
	if (!p->gathering)
		LIST_INSERT_HEAD(&pipes.gathering, p, gathers);
	p->gathering = true;
	if (!ev_timer_running(&pipes.gather))
		ev_timer_set(&pipes.gather, GATHER_MS);
}

static void
on_gathered(struct ev_timer *t)
{
	struct logger_pipe *p;

	(void)t;
	while ((p = LIST_FIRST(&pipes.gathering)) != NULL) {
		gathered(p);
		if (pipes.resting)
			continue;
		ev_io_set(&p->io, EV_READ);
		(void)take(p);
	}
}

void
logger_pipes_drain(void)
{
	struct logger_pipe *p, *next;

	for (p = LIST_FIRST(&pipes.all); p != NULL; p = next) {
		size_t n, left = PIPE_BYTES;

		next = LIST_NEXT(p, link);
		while (left > 0 && !logger_sinks_full() && (n = take(p)) > 0)
			left -= n < left ? n : left;
	}
}

void
logger_pipes_init(void)
{
	LIST_INIT(&pipes.all);
	LIST_INIT(&pipes.gathering);
	ev_timer_init(&pipes.gather, on_gathered);
}

void
logger_pipe_open(uint64_t id, const struct log_writer *w, int fd)
{
	struct logger_pipe *p = xcalloc(1, sizeof *p);

	p->id = id;
	p->writer = *w;
	buf_init(&p->raw, PIECE_BYTES + LOG_LINE_MAX);
	ev_io_init(&p->io, fd, on_readable);
	LIST_INSERT_HEAD(&pipes.all, p, link);
	if (!pipes.resting)
		ev_io_set(&p->io, EV_READ);
	pipes.read_ms = ev_now_ms();
}

void
logger_pipes_resume(void)
{
	struct logger_pipe *p;

	pipes.resting = false;
	LIST_FOREACH(p, &pipes.all, link)
	{
		pass_on(p, false);
		if (logger_sinks_full()) {
			rest();
			return;
		}
	}
	LIST_FOREACH(p, &pipes.all, link)
	ev_io_set(&p->io, EV_READ);
}

bool
logger_pipes_done(void)
{
	const struct logger_pipe *p;

	LIST_FOREACH(p, &pipes.all, link)
	if (p->writer.pid != (int)getpid())
		return false;
	return true;
}

int64_t
logger_pipes_read_ms(void)
{
	return pipes.read_ms;
}
