/* SPDX-License-Identifier: ISC */
#include "ctl/mail/submit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>

#include "base/cur.h"
#include "base/mem.h"
#include "ctl/view/out.h"
#include "sys/fd.h"

enum { WAIT_S = 600, REPLY_MAX = 65536, CODE_GONE = 421 };

int
submit_connect(const struct instance *in, struct err *err)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char *path = xasprintf("%s/public/smtpd", in->run);
	int fd = -1;

	if (!slice_copy(slice_str(path), un.sun_path, sizeof un.sun_path))
		err_set(err, ERR_PERM, "%s is too long for a socket", path);
	else if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		err_sys(err, ERR_TEMP, "socket");
	else if (connect(fd, (const struct sockaddr *)&un, sizeof un) == -1) {
		err_sys(err, ERR_TEMP, "the mail system does not answer at %s",
		    path);
		fd_close(&fd);
	} else {
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	}
	free(path);
	return fd;
}

bool
submit_write(struct submit *s, struct slice bytes)
{
	while (bytes.n > 0) {
		const ssize_t n = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		bytes = slice_from(bytes, (size_t)n);
	}
	return true;
}

/* One line without its end; false when the connection is gone. */
static bool
read_line(struct submit *s, struct buf *line)
{
	size_t end;

	while ((end = slice_find(buf_slice(&s->in), '\n')) == s->in.n) {
		char *to = buf_room(&s->in, 4096);
		ssize_t n;

		if (to == NULL)
			return false;
		n = recv(s->fd, to, 4096, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf_added(&s->in, (size_t)n);
	}
	buf_reset(line);
	buf_add(line, slice_trim(slice_sub(buf_slice(&s->in), 0, end)));
	buf_consume(&s->in, end + 1);
	if (s->verbose)
		out_printf(stderr, "<<< %s\n", buf_cstr(line));
	return true;
}

static void
note_extension(struct submit *s, struct slice line)
{
	if (slice_istarts(line, SLICE("8BITMIME")))
		s->extensions |= SUBMIT_8BITMIME;
	else if (slice_istarts(line, SLICE("SMTPUTF8")))
		s->extensions |= SUBMIT_SMTPUTF8;
	else if (slice_istarts(line, SLICE("DSN")))
		s->extensions |= SUBMIT_DSN;
}

static int
read_reply(struct submit *s)
{
	struct buf line;
	int code = CODE_GONE;
	bool more = true;

	buf_init(&line, REPLY_MAX);
	buf_reset(&s->reply);
	while (more) {
		struct cur c;

		if (!read_line(s, &line)) {
			buf_reset(&s->reply);
			buf_adds(
			    &s->reply, "the mail system closed the connection");
			code = CODE_GONE;
			break;
		}
		c = cur_of(buf_slice(&line));
		code = (int)cur_u64(&c, 599);
		more = cur_try_byte(&c, '-');
		(void)cur_try_byte(&c, ' ');
		note_extension(s, cur_rest(&c));
		if (s->reply.n > 0)
			buf_addc(&s->reply, ' ');
		buf_add(&s->reply, cur_rest(&c));
		if (!cur_ok(&c))
			code = CODE_GONE;
	}
	buf_fini(&line);
	return code;
}

int
submit_command(struct submit *s, const char *fmt, ...)
{
	struct buf line = { .max = 8192 };
	char text[4096];
	va_list ap;
	bool sent;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (s->verbose)
		out_printf(stderr, ">>> %s\n", text);
	buf_addf(&line, "%s\r\n", text);
	sent = submit_write(s, buf_slice(&line));
	buf_fini(&line);
	if (!sent) {
		buf_reset(&s->reply);
		buf_adds(&s->reply, "the mail system closed the connection");
		return CODE_GONE;
	}
	return read_reply(s);
}

int
submit_open(struct submit *s, const struct instance *in, const char *hostname,
    bool verbose)
{
	struct err err;
	int code;

	*s = (struct submit){ .fd = -1, .verbose = verbose };
	buf_init(&s->in, REPLY_MAX);
	buf_init(&s->reply, REPLY_MAX);
	s->fd = submit_connect(in, &err);
	if (s->fd == -1) {
		out_printf(stderr, "sendmail: %s; is it started?\n", err.text);
		return EX_TEMPFAIL;
	}
	code = read_reply(s);
	if (code / 100 == 2) {
		s->extensions = 0;
		code = submit_command(s, "EHLO %s", hostname);
	}
	if (code / 100 == 2)
		return EX_OK;
	out_printf(stderr, "sendmail: the mail system says: %d %s\n", code,
	    buf_cstr(&s->reply));
	return EX_TEMPFAIL;
}

void
submit_close(struct submit *s)
{
	fd_close(&s->fd);
	buf_fini(&s->in);
	buf_fini(&s->reply);
}

int
submit_status(const struct submit *s, int code)
{
	static const struct {
		struct slice dsn; /* RFC 3463 */
		int status;
	} rows[] = {
		{ SLICE("5.1.2"), EX_NOHOST },
		{ SLICE("5.1.8"), EX_NOHOST },
		{ SLICE("5.1."), EX_NOUSER },
		{ SLICE("5.2.1"), EX_NOUSER },
		{ SLICE("5.6."), EX_DATAERR },
		{ SLICE("5.7."), EX_NOPERM },
	};

	if (code / 100 != 5)
		return EX_TEMPFAIL;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (slice_starts(buf_slice(&s->reply), rows[i].dsn))
			return rows[i].status;
	return EX_UNAVAILABLE;
}
