/* SPDX-License-Identifier: ISC */
#include "ctl/imap/conn.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/addr.h"
#include "sys/fd.h"
#include "tls/client.h"
#include "tls/conn.h"

enum { READ_BYTES = 64 << 10 };

/* EVENTS on C, or ERR_TEMP. */
static int
wait_for(const struct imap_conn *c, short events, struct err *err)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int n;

	do
		n = poll(&p, 1, c->timeout_ms);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return err_set(err, ERR_TEMP,
		    "the server says nothing for %d seconds",
		    c->timeout_ms / 1000);
	return n == -1 ? err_sys(err, ERR_TEMP, "poll") : 0;
}

static int
connect_to(struct imap_conn *c, const struct addrinfo *ai, struct err *err)
{
	char text[ADDR_TEXT];
	struct addr addr;
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof errno;
	int error = 0;

	memcpy(&ss, ai->ai_addr, ai->ai_addrlen);
	addr_set(&addr, &ss, ai->ai_addrlen);
	c->fd = socket(ai->ai_family,
	    ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);
	if (c->fd == -1)
		return err_sys(err, ERR_TEMP, "socket");
	if (connect(c->fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		if (errno != EINPROGRESS)
			error = errno;
		else if (wait_for(c, POLLOUT, err) == -1)
			error = ETIMEDOUT;
		else if (getsockopt(
			     c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
			error = errno;
	}
	if (error == 0)
		return 0;
	fd_close(&c->fd);
	errno = error;
	return err_sys(
	    err, ERR_TEMP, "connect to %s", addr_format(&addr, text));
}

int
imap_conn_open(struct imap_conn *c, const char *host, uint16_t port,
    int timeout_ms, struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	char service[8];
	int rc;

	*c = (struct imap_conn){ .fd = -1, .timeout_ms = timeout_ms };
	buf_init(&c->in, READ_BYTES);
	snprintf(service, sizeof service, "%u", (unsigned)port);
	rc = getaddrinfo(host, service, &hints, &all);
	if (rc != 0)
		return err_set(err, rc == EAI_NONAME ? ERR_PERM : ERR_TEMP,
		    "%s: %s", host, gai_strerror(rc));
	rc = err_set(err, ERR_TEMP, "%s has no address", host);
	for (const struct addrinfo *ai = all; ai != NULL && rc == -1;
	     ai = ai->ai_next)
		rc = connect_to(c, ai, err);
	freeaddrinfo(all);
	return rc;
}

void
imap_conn_close(struct imap_conn *c)
{
	tls_conn_free(&c->tls);
	fd_close(&c->fd);
	buf_fini(&c->in);
}

/* What a call to TLS came to: go on (1), or -1. */
static int
after_tls(const struct imap_conn *c, ssize_t got, struct err *err)
{
	if (got == TLS_WANT_READ || got == TLS_WANT_WRITE)
		return wait_for(
			   c, got == TLS_WANT_READ ? POLLIN : POLLOUT, err) == 0
			   ? 1
			   : -1;
	if (got == TLS_EOF)
		(void)err_set(err, ERR_TEMP, "the server has closed");
	return -1;
}

int
imap_conn_tls(struct imap_conn *c, struct tls_client *client, const char *host,
    bool verified, struct err *err)
{
	int rc;

	if (c->in.n > c->used)
		return err_set(err, ERR_PERM,
		    "the server speaks in the clear where TLS begins");
	if (tls_conn_new_client(client, c->fd, host,
		verified ? TLS_VERIFY_HOST : TLS_VERIFY_NONE, &c->tls,
		err) == -1)
		return -1;
	while ((rc = tls_conn_handshake(c->tls, err)) != 1)
		if (after_tls(c, rc, err) == -1)
			return -1;
	return 0;
}

int
imap_conn_write(struct imap_conn *c, struct slice bytes, struct err *err)
{
	ssize_t n;

	while (bytes.n > 0) {
		if (c->tls != NULL) {
			n = tls_conn_write(c->tls, bytes.p, bytes.n, err);
			if (n <= 0 && after_tls(c, n, err) == -1)
				return -1;
		} else {
			n = send(c->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
			if (n == -1 && errno != EAGAIN && errno != EINTR)
				return err_sys(
				    err, ERR_TEMP, "write to the server");
			if (n == -1 && wait_for(c, POLLOUT, err) == -1)
				return -1;
		}
		if (n > 0)
			bytes = slice_from(bytes, (size_t)n);
	}
	return 0;
}

static ssize_t
read_some(struct imap_conn *c, char *room, struct err *err)
{
	for (;;) {
		ssize_t n;

		if (c->tls != NULL) {
			n = tls_conn_read(c->tls, room, READ_BYTES, err);
			if (n > 0)
				return n;
			if (after_tls(c, n, err) == -1)
				return -1;
			continue;
		}
		n = recv(c->fd, room, READ_BYTES, 0);
		if (n > 0)
			return n;
		if (n == 0)
			return err_set(err, ERR_TEMP, "the server has closed");
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(err, ERR_TEMP, "read from the server");
		if (wait_for(c, POLLIN, err) == -1)
			return -1;
	}
}

int
imap_conn_read(struct imap_conn *c, struct slice *in, struct err *err)
{
	ssize_t n;

	if (c->used == c->in.n) {
		buf_reset(&c->in);
		c->used = 0;
		n = read_some(c, buf_room(&c->in, READ_BYTES), err);
		if (n == -1)
			return -1;
		buf_added(&c->in, (size_t)n);
	}
	*in = slice_from(buf_slice(&c->in), c->used);
	return 0;
}

void
imap_conn_used(struct imap_conn *c, size_t n)
{
	c->used += n;
}
