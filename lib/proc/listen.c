/* SPDX-License-Identifier: ISC */
#include "proc/listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "log/metric.h"
#include "proc/service.h"
#include "sys/addr.h"

enum {
	MAX_LISTENERS = 64,
	ACCEPTS_A_TURN = 16,   /* then another process gets its share */
	ACCEPT_PAUSE_MS = 100, /* after EMFILE and the like */
	FULL_MS = 200, /* so long other processes may take a client first */
	ACCEPTS_FULL = 256,
	RESERVE = 20, /* a part of the sessions: for trusted clients */
};

static struct {
	void (*accept)(
	    int fd, const struct listener *l, const struct addr *peer);
	struct listener all[MAX_LISTENERS];
	size_t n;
	unsigned sessions;
	bool started, stopped, paused;
	struct ev_timer accept_again;
	struct ev_timer full;
} listeners;

static bool
is_full(const struct listener *l)
{
	return !service_has_room(l, listeners.sessions, false);
}

/* Watch the listeners that have room. */
static void
watch_listeners(void)
{
	bool full = false;

	for (size_t i = 0; i < listeners.n; i++) {
		struct listener *l = &listeners.all[i];

		full = full || is_full(l);
		if (listeners.paused || is_full(l))
			ev_io_stop(&l->io);
		else
			ev_io_set(&l->io, EV_READ);
	}
	if (listeners.paused || !full)
		ev_timer_stop(&listeners.full);
	else if (!ev_timer_running(&listeners.full))
		ev_timer_set(&listeners.full, FULL_MS);
}

static void
pause_accepting(bool pause)
{
	listeners.paused = pause;
	watch_listeners();
}

void
service_sessions(unsigned n)
{
	listeners.sessions = n;
	watch_listeners();
}

bool
service_has_room(const struct listener *l, unsigned sessions, bool trusted)
{
	const unsigned reserve = trusted ? 0 : l->max_sessions / RESERVE;

	return sessions < l->max_sessions - reserve;
}

static void
on_accept_again(struct ev_timer *t)
{
	(void)t;
	pause_accepting(false);
}

/* No fd left: the backlog waits, sessions that end make room. */
static void
accept_failed(void)
{
	static struct metric failures = { .name = "pabal_accept_failures",
		.help = "Connections that waited for lack of descriptors." };

	metric_add(&failures, 1);
	log_warn("proc.accept-failed", kv_s("why", strerrordesc_np(errno)));
	pause_accepting(true);
	ev_timer_set(&listeners.accept_again, ACCEPT_PAUSE_MS);
}

static void
accept_some(const struct listener *l, int max, bool when_full)
{
	for (int i = 0; i < max && !listeners.stopped; i++) {
		if (!when_full && is_full(l))
			return;

		struct sockaddr_storage ss;
		socklen_t len = sizeof ss;
		struct addr peer;
		const int fd = accept4(l->io.fd, (struct sockaddr *)&ss, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd == -1 && (errno == ECONNABORTED || errno == EINTR))
			continue;
		if (fd == -1 && errno == EAGAIN)
			return;
		if (fd == -1) {
			accept_failed();
			return;
		}
		addr_set(&peer, &ss, len);
		listeners.accept(fd, l, &peer);
	}
}

static void
on_listener(struct ev_io *io, unsigned events)
{
	(void)events;
	accept_some(OUTER(io, struct listener, io), ACCEPTS_A_TURN, false);
}

/* Clients that no other process has taken meanwhile: the daemon serves those
 * for whom there is a reserve, and tells the others. */
static void
on_full(struct ev_timer *t)
{
	(void)t;
	for (size_t i = 0; i < listeners.n && !listeners.paused; i++)
		if (is_full(&listeners.all[i]))
			accept_some(&listeners.all[i], ACCEPTS_FULL, true);
	watch_listeners();
}

void
listen_on_socket(struct ipc *peer, struct msg *m)
{
	struct msg_master_listen *in = &m->master_listen;
	struct listener *l = &listeners.all[listeners.n];

	(void)peer;
	if (listeners.n == MAX_LISTENERS || listeners.accept == NULL)
		return;
	ev_io_init(&l->io, in->sock, on_listener);
	l->io.exclusive = true;
	in->sock = -1;
	l->max_sessions = in->max_sessions;
	slice_copy(in->service, l->service, sizeof l->service);
	slice_copy(in->protocol, l->protocol, sizeof l->protocol);
	listeners.n++;
	if (listeners.started)
		watch_listeners();
}

void
listen_init(const struct service *svc)
{
	listeners.accept = svc->accept;
	ev_timer_init(&listeners.accept_again, on_accept_again);
	ev_timer_init(&listeners.full, on_full);
}

void
listen_start(void)
{
	listeners.started = true;
	watch_listeners();
}

void
listen_stop(void)
{
	listeners.stopped = true;
	ev_timer_stop(&listeners.accept_again);
	pause_accepting(true);
}
