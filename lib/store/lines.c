/* SPDX-License-Identifier: ISC */
#include "store/lines.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "base/must.h"
#include "maildir/learn.h"
#include "sys/fd.h"

void
lines_init(struct lines *l, int fd, size_t max, bool keep_crlf)
{
	*l = (struct lines){ .fd = fd, .keep_crlf = keep_crlf };
	buf_init(&l->out, max);
}

void
lines_fini(struct lines *l)
{
	buf_fini(&l->out);
}

/* A, and B behind it, in one call where the kernel takes them so. */
static int
write_both(int fd, struct slice a, struct slice b, struct err *err)
{
	while (a.n > 0 && b.n > 0) {
		struct iovec v[2] = { { .iov_len = a.n }, { .iov_len = b.n } };
		ssize_t n;

		/* writev only reads; its struct knows no const. */
		memcpy(&v[0].iov_base, &a.p, sizeof a.p);
		memcpy(&v[1].iov_base, &b.p, sizeof b.p);
		n = writev(fd, v, 2);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "write");
		if ((size_t)n > a.n)
			b = slice_from(b, (size_t)n - a.n);
		a = slice_from(a, (size_t)n);
	}
	return fd_write_all(fd, a, err) == 0 ? fd_write_all(fd, b, err) : -1;
}

/* What waits, and MORE. */
static int
write_out(struct lines *l, struct slice more, struct err *err)
{
	int rc;

	if (l->out.n + more.n == 0)
		return 0;
	l->written_s = maildir_clock_s();
	rc = write_both(l->fd, buf_slice(&l->out), more, err);
	buf_reset(&l->out);
	return rc;
}

/* Bytes as they stand in the file. */
static int
put(struct lines *l, struct slice s, struct err *err)
{
	if (s.n == 0)
		return 0;
	l->last = s.p[s.n - 1];
	l->size += (int64_t)s.n;
	l->wire += (int64_t)s.n;
	if (l->fd != -1 && s.n > l->out.max - l->out.n)
		return write_out(l, s, err);
	buf_add(&l->out, s);
	return l->out.failed ? err_set(err, ERR_TEMP, "message too large") : 0;
}

static int
put_lf(struct lines *l, struct err *err)
{
	const bool bare = l->last != '\r';

	if (put(l, SLICE("\n"), err) == -1)
		return -1;
	l->wire += bare;
	return 0;
}

/* The bytes of a line, or of a piece of one, before its LF. */
static int
put_line(struct lines *l, struct slice line, bool ends, struct err *err)
{
	const bool cr = line.n > 0 ? line.p[line.n - 1] == '\r' : l->cr;

	/* A CR held back is one of its own unless an LF comes at once. */
	if (l->cr && line.n > 0 && put(l, SLICE("\r"), err) == -1)
		return -1;
	l->cr = cr && !ends;
	if (line.n > 0 && cr)
		line.n--;
	if (put(l, line, err) == -1)
		return -1;
	return ends ? put_lf(l, err) : 0;
}

static int
put_plain(struct lines *l, struct slice line, bool ends, struct err *err)
{
	if (put(l, line, err) == -1)
		return -1;
	return ends ? put_lf(l, err) : 0;
}

/* Those lines of BYTES that end there, as far as they go into the memory that
 * is left: most of a message.  Returns what follows them. */
static struct slice
put_whole(struct lines *l, struct slice bytes)
{
	const size_t room = l->out.max - l->out.n;
	const size_t n = bytes.n < room ? bytes.n : room;
	const char *const begin = buf_room(&l->out, n);
	const char *p = bytes.p, *const end = bytes.p + n;
	char last = l->last;
	const char *lf;
	int64_t wire = 0;

	if (begin == NULL)
		return bytes;
	while (p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		const bool cr = lf > p && lf[-1] == '\r';
		const size_t len = (size_t)(lf - p) - cr;
		char *const to = l->out.p + l->out.n;

		memcpy(to, p, len);
		to[len] = '\n';
		wire +=
		    (int64_t)len + 1 + ((len > 0 ? to[len - 1] : last) != '\r');
		last = '\n';
		l->out.n += len + 1;
		p = lf + 1;
	}
	l->last = last;
	l->size += l->out.p + l->out.n - begin;
	l->wire += wire;
	return slice_from(bytes, (size_t)(p - bytes.p));
}

static int
put_piece(struct lines *l, struct slice line, bool ends, struct err *err)
{
	return l->keep_crlf ? put_plain(l, line, ends, err)
			    : put_line(l, line, ends, err);
}

int
lines_put(struct lines *l, struct slice bytes, struct err *err)
{
	while (bytes.n > 0) {
		size_t at;

		if (!l->keep_crlf && !l->cr)
			bytes = put_whole(l, bytes);
		at = slice_find(bytes, '\n');
		if (put_piece(l, slice_sub(bytes, 0, at), at < bytes.n, err) ==
		    -1)
			return -1;
		bytes = slice_from(bytes, at + (at < bytes.n));
	}
	return 0;
}

int
lines_end(struct lines *l, struct err *err)
{
	if (l->cr && put(l, SLICE("\r"), err) == -1)
		return -1;
	l->cr = false;
	return l->fd != -1 ? write_out(l, SLICE(""), err) : 0;
}

int
lines_put_text(struct lines *l, const struct lines *from, struct err *err)
{
	must(l->fd != -1 && from->fd == -1 && !from->cr && !l->cr);
	if (from->size == 0)
		return 0;
	l->last = from->last;
	l->size += from->size;
	l->wire += from->wire;
	return write_out(l, buf_slice(&from->out), err);
}
