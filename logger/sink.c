/* SPDX-License-Identifier: ISC */
#include "logger/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "ev/loop.h"
#include "log/line.h"
#include "log/log.h"
#include "log/metric.h"
#include "logger/conf.h"
#include "logger/index.h"
#include "sys/fd.h"

enum {
	COPY_BYTES = 64 << 10,
	WAITING_MAX_BYTES = 5 << 20,
	PIECE_BYTES = 256 << 10, /* written in one call */
	AGAIN_MS = 20,           /* a reader that is busy */
	FAILED_AGAIN_MS = 250,   /* a disk that is full */
	STUCK_MS = 1000,         /* that is worth a line */
};

struct sink {
	int fd;
	enum { WRITES, SENDS, BLOCKS } kind;
	bool is_stuck; /* what waits could not be written, since then: */
	int64_t stuck_since_ms;
	int error;
	uint64_t lost;
	size_t begun; /* bytes of the first waiting line that are written */
	struct buf waiting;
	struct ev_timer again;
};

static struct sink sinks[SINK_COUNT];
static struct ev_task flush;
static bool full;
void (*logger_sinks_on_room)(void);

static struct metric waiting_bytes = { .name = "pabal_logger_waiting_bytes",
	.help = "Bytes of the log that could not be written yet.",
	.type = METRIC_GAUGE };
static struct metric stuck = { .name = "pabal_logger_stuck",
	.help = "1 while the log cannot be written.",
	.type = METRIC_GAUGE };
static struct metric not_copied = { .name = "pabal_logger_lines_not_copied",
	.help = "Lines that the standard error output did not take." };

/* Bytes written; -1 and errno (EAGAIN: later). */
static ssize_t
put(const struct sink *s, const char *p, size_t n)
{
	struct pollfd ready = { .fd = s->fd, .events = POLLOUT };

	if (s->kind == SENDS)
		return send(s->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (s->kind == BLOCKS) {
		/* Who can take anything takes a page. */
		if (poll(&ready, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
		n = n < 4096 ? n : 4096;
	}
	return write(s->fd, p, n);
}

/* N more bytes are written: whole lines go, the begun one stays. */
static void
advance(struct sink *s, size_t n)
{
	const size_t done = s->begun + n;
	size_t whole = done;

	while (whole > 0 && s->waiting.p[whole - 1] != '\n')
		whole--;
	if (s == &sinks[SINK_LOG])
		logger_index_add(slice_of(s->waiting.p, whole), done - whole);
	buf_consume(&s->waiting, whole);
	s->begun = done - whole;
}

static void
tell_stuck(struct sink *s)
{
	const int64_t ms = ev_now_ms() - s->stuck_since_ms;

	s->is_stuck = false;
	if (s == &sinks[SINK_LOG])
		metric_set(&stuck, 0);
	if (ms >= STUCK_MS && s == &sinks[SINK_LOG])
		log_err("log.stuck",
		    kv_s("why", s->error == EAGAIN ? "it was not read"
						   : strerrordesc_np(s->error)),
		    kv_i("seconds", ms / 1000));
}

static void
later(struct sink *s, int error)
{
	if (!s->is_stuck) {
		s->is_stuck = true;
		s->stuck_since_ms = ev_now_ms();
	}
	s->error = error;
	ev_timer_set(&s->again, error == EAGAIN ? AGAIN_MS : FAILED_AGAIN_MS);
	if (s == &sinks[SINK_LOG] &&
	    ev_now_ms() - s->stuck_since_ms >= STUCK_MS)
		metric_set(&stuck, 1);
}

static void
tell_lost(struct sink *s)
{
	static const struct log_writer self = { .name = "logger" };
	struct log_writer w = self;

	w.pid = (int)getpid();
	log_line_lost(&s->waiting, &w, s->lost);
	s->lost = 0;
}

static void
write_out(struct sink *s)
{
	while (s->waiting.n > 0 || s->lost > 0) {
		ssize_t n;
		size_t left;

		if (s->waiting.n == 0)
			tell_lost(s);
		left = s->waiting.n - s->begun;
		n = put(s, s->waiting.p + s->begun,
		    left < PIECE_BYTES ? left : PIECE_BYTES);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			later(s, n == -1 ? errno : EAGAIN);
			return;
		}
		advance(s, (size_t)n);
	}
	if (s->is_stuck)
		tell_stuck(s);
}

void
logger_sinks_flush(void)
{
	for (size_t i = 0; i < SINK_COUNT; i++)
		if (sinks[i].fd != -1 && !ev_timer_running(&sinks[i].again))
			write_out(&sinks[i]);
	metric_set(&waiting_bytes, (int64_t)sinks[SINK_LOG].waiting.n);
	if (full &&
	    (int64_t)sinks[SINK_LOG].waiting.n < logger_conf->buffer_size / 2) {
		full = false;
		logger_sinks_on_room();
	}
}

static void
on_flush(struct ev_task *task)
{
	(void)task;
	logger_sinks_flush();
}

static void
on_again(struct ev_timer *t)
{
	(void)t;
	ev_task_queue(&flush);
}

void
logger_sinks_init(void)
{
	ev_task_init(&flush, on_flush);
	for (size_t i = 0; i < SINK_COUNT; i++) {
		sinks[i].fd = -1;
		buf_fini(&sinks[i].waiting);
		buf_init(&sinks[i].waiting, WAITING_MAX_BYTES);
		ev_timer_init(&sinks[i].again, on_again);
	}
	metric_set(&waiting_bytes, 0);
	metric_set(&stuck, 0);
	metric_register(&not_copied);
}

void
logger_sink_open(enum logger_sink kind, int fd)
{
	struct sink *s = &sinks[kind];
	const int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (kind == SINK_LOG)
		logger_index_close(s->begun);
	fd_close(&s->fd);
	s->fd = fd;
	s->begun = 0;
	s->kind = WRITES;
	if (fstat(fd, &st) == -1)
		st.st_mode = 0; /* then it may block */
	if (S_ISSOCK(st.st_mode))
		s->kind = SENDS;
	else if (!S_ISREG(st.st_mode) && (flags & O_NONBLOCK) == 0)
		s->kind = BLOCKS;
	ev_timer_stop(&s->again);
	ev_task_queue(&flush);
}

void
logger_sink_index(int fd)
{
	logger_index_open(fd, sinks[SINK_LOG].fd, sinks[SINK_LOG].begun);
}

void
logger_sinks_end(void)
{
	logger_index_close(sinks[SINK_LOG].begun);
}

static uint64_t
count_lines(struct slice s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

void
logger_sinks_add(struct slice lines)
{
	struct sink *copy = &sinks[SINK_COPY];

	if (lines.n == 0)
		return;
	buf_add(&sinks[SINK_LOG].waiting, lines);
	if (copy->fd != -1 && copy->waiting.n + lines.n <= COPY_BYTES &&
	    copy->lost == 0) {
		buf_add(&copy->waiting, lines);
	} else if (copy->fd != -1) {
		const uint64_t n = count_lines(lines);

		copy->lost += n;
		metric_add(&not_copied, (int64_t)n);
	}
	ev_task_queue(&flush);
}

bool
logger_sinks_full(void)
{
	if ((int64_t)sinks[SINK_LOG].waiting.n >= logger_conf->buffer_size)
		full = true;
	return full;
}

bool
logger_sink_empty(enum logger_sink kind)
{
	const struct sink *s = &sinks[kind];

	return s->waiting.n == 0 && s->lost == 0;
}
