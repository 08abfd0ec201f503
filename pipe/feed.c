/* SPDX-License-Identifier: ISC */
#include "pipe/feed.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"

enum { CHUNK = 32768 };

void
feed_convert(struct feed *f, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		/* A CR that ends no line is a byte like others. */
		if (f->cr && c != '\n')
			buf_addc(&f->out, '\r');
		f->cr = c == '\r';
		if (!f->cr)
			buf_addc(&f->out, c);
		f->open_line = c != '\n';
	}
}

void
feed_convert_end(struct feed *f)
{
	if (f->open_line) /* a CR at the very end was half a line end */
		buf_addc(&f->out, '\n');
	f->cr = f->open_line = false;
}

/* Take the next piece of the file; -1 when it cannot be read. */
static int
read_on(struct feed *f)
{
	static char piece[CHUNK];
	const size_t n = f->left < CHUNK ? (size_t)f->left : CHUNK;

	if (fd_pread_all(f->file, piece, n, f->at, &f->err) == -1)
		return -1;
	f->at += (int64_t)n;
	f->left -= (int64_t)n;
	feed_convert(f, slice_of(piece, n));
	if (f->left == 0)
		feed_convert_end(f);
	return 0;
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	struct feed *f = OUTER(io, struct feed, io);
	ssize_t n;

	(void)events;
	if (f->out.n == 0 && f->left > 0 && read_on(f) == -1) {
		f->on_error(f);
		feed_stop(f);
		return;
	}
	n = write(io->fd, f->out.p, f->out.n);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_consume(&f->out, (size_t)n);
	/* EPIPE: the command has read enough; its exit code says how it went */
	if (n <= 0 || (f->out.n == 0 && f->left == 0))
		feed_stop(f);
}

void
feed_start(struct feed *f, int fd, struct buf *head, int file, int64_t offset,
    int64_t size, void (*on_error)(struct feed *f))
{
	*f = (struct feed){
		.file = file, .at = offset, .left = size, .on_error = on_error
	};
	ev_io_init(&f->io, fd, on_ready);
	ev_io_set(&f->io, EV_WRITE);
	/* Twice: each CR may come back. */
	buf_init(&f->out, head->max + (size_t)2 * CHUNK);
	buf_add(&f->out, buf_slice(head));
	buf_fini(head);
}

void
feed_stop(struct feed *f)
{
	if (f->out.max == 0)
		return;
	ev_io_stop(&f->io);
	fd_close(&f->io.fd);
	buf_fini(&f->out);
	f->out.max = 0;
}
