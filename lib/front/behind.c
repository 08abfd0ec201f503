/* SPDX-License-Identifier: ISC */
#include "front/behind.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "front/metrics.h"
#include "front/proxy.h"
#include "front/session.h"
#include "log/log.h"
#include "sys/addr.h"

struct behind {
	TAILQ_ENTRY(behind) link;
	struct ev_io io;
	struct ev_timer deadline;
	const struct front_protocol *protocol;
	struct addr proxy;
	bool room;
	size_t n; /* of the header, taken from the socket */
	char header[PROXY_HEADER_MAX];
};

static struct {
	TAILQ_HEAD(, behind) all;
	unsigned count;
	void (*done)(const struct behind_proxy *b);
	void (*on_gone)(void);
} waiting = { .all = TAILQ_HEAD_INITIALIZER(waiting.all) };

/* Gives the socket. */
static int
forget(struct behind *b)
{
	const int fd = b->io.fd;

	ev_timer_stop(&b->deadline);
	ev_io_stop(&b->io);
	TAILQ_REMOVE(&waiting.all, b, link);
	waiting.count--;
	free(b);
	return fd;
}

static void
give_up(struct behind *b, const char *why)
{
	char text[ADDR_TEXT];

	log_info("session.proxy-refused",
	    kv_s("client", addr_format_ip(&b->proxy, text)),
	    kv_s("protocol", b->protocol->name), kv_s("why", why));
	front_metric(FRONT_METRIC_proxies_refused, 1);
	close(forget(b));
	waiting.on_gone();
}

static void
on_deadline(struct ev_timer *t)
{
	give_up(OUTER(t, struct behind, deadline), "timeout");
}

static void
finish(struct behind *b, const struct addr *client)
{
	const struct addr proxy = b->proxy;
	struct behind_proxy found = {
		.protocol = b->protocol,
		.proxy = &proxy,
		.client = client,
		.room = b->room,
	};

	found.fd = forget(b);
	waiting.done(&found);
}

/* Take N bytes from the socket that were seen there. */
static bool
take(struct behind *b, size_t n)
{
	const ssize_t got = recv(b->io.fd, b->header + b->n, n, MSG_DONTWAIT);

	b->n += n;
	return got == (ssize_t)n;
}

/*
 * What stands behind the header is the client's, and may have to be read by
 * TLS: so bytes are looked at first, and only those of the header are taken.
 */
static void
on_readable(struct ev_io *io, unsigned events)
{
	struct behind *b = OUTER(io, struct behind, io);
	const ssize_t got = recv(io->fd, b->header + b->n,
	    sizeof b->header - b->n, MSG_PEEK | MSG_DONTWAIT);
	struct addr client;
	enum proxy_found found;
	size_t len;

	(void)events;
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		give_up(b, "closed");
		return;
	}
	found =
	    proxy_parse(slice_of(b->header, b->n + (size_t)got), &len, &client);
	if (found == PROXY_INVALID)
		give_up(b, "no valid header");
	else if (!take(b, len - b->n))
		give_up(b, "lost");
	else if (found != PROXY_MORE)
		finish(b, found == PROXY_CLIENT ? &client : NULL);
}

void
behind_await(int fd, const struct front_protocol *p, const struct addr *proxy,
    bool room, int64_t wait_ms)
{
	struct behind *b = xcalloc(1, sizeof *b);

	b->protocol = p;
	b->proxy = *proxy;
	b->room = room;
	ev_io_init(&b->io, fd, on_readable);
	ev_timer_init(&b->deadline, on_deadline);
	TAILQ_INSERT_TAIL(&waiting.all, b, link);
	waiting.count++;
	ev_io_set(&b->io, EV_READ);
	ev_timer_set(&b->deadline, wait_ms);
}

void
behind_init(void (*done)(const struct behind_proxy *b), void (*on_gone)(void))
{
	waiting.done = done;
	waiting.on_gone = on_gone;
}

unsigned
behind_count(void)
{
	return waiting.count;
}

void
behind_stop(void)
{
	struct behind *b, *next;

	TAILQ_FOREACH_SAFE(b, &waiting.all, link, next)
	close(forget(b));
}
