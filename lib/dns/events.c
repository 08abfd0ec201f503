/* SPDX-License-Identifier: ISC */
/*
 * libunbound watches its sockets and timers through a table of functions; here
 * they stand on lib/ev.  An event fires once and is then inactive unless it
 * was made persistent.  A callback may free the event it came from, so nothing
 * is touched after it.
 */
#include "dns/events.h"

#include <stdlib.h>
#include <sys/time.h>
#include <unbound-event.h>

#include "base/mem.h"
#include "ev/loop.h"

struct dns_event {
	struct ub_event ub; /* first: libunbound knows only this */
	struct ev_io io;
	struct ev_timer timer;
	short bits;
	bool active;
	int64_t timeout_ms; /* -1: none */
	void (*fn)(int fd, short bits, void *arg);
	void *arg;
};

static struct dns_event *
event_of(struct ub_event *ub)
{
	return OUTER(ub, struct dns_event, ub);
}

static int64_t
ms_of(const struct timeval *tv)
{
	/* Rounded up: a timer must not fire before its time. */
	return (int64_t)tv->tv_sec * 1000 + (tv->tv_usec + 999) / 1000;
}

static void
deactivate(struct dns_event *e)
{
	ev_io_stop(&e->io);
	ev_timer_stop(&e->timer);
	e->active = false;
}

static void
activate(struct dns_event *e)
{
	unsigned want = 0;

	if ((e->bits & UB_EV_READ) != 0)
		want |= EV_READ;
	if ((e->bits & UB_EV_WRITE) != 0)
		want |= EV_WRITE;
	e->active = true;
	if (want != 0 && e->io.fd != -1)
		ev_io_set(&e->io, want);
	if (e->timeout_ms >= 0)
		ev_timer_set(&e->timer, e->timeout_ms);
}

static void
fire(struct dns_event *e, short bits)
{
	if ((e->bits & UB_EV_PERSIST) == 0)
		deactivate(e);
	else if (e->timeout_ms >= 0)
		ev_timer_set(&e->timer, e->timeout_ms);
	e->fn(e->io.fd, bits, e->arg);
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	struct dns_event *e = OUTER(io, struct dns_event, io);
	short bits = 0;

	/* An error is found by reading or writing. */
	if ((events & (EV_READ | EV_HUP)) != 0)
		bits |= UB_EV_READ;
	if ((events & (EV_WRITE | EV_HUP)) != 0)
		bits |= UB_EV_WRITE;
	bits &= e->bits;
	if (bits != 0)
		fire(e, bits);
	else
		ev_io_stop(&e->io);
}

static void
on_time(struct ev_timer *t)
{
	fire(OUTER(t, struct dns_event, timer), UB_EV_TIMEOUT);
}

/* ---- the table of one event ---- */

static void
add_bits(struct ub_event *ub, short bits)
{
	event_of(ub)->bits |= bits;
}

static void
del_bits(struct ub_event *ub, short bits)
{
	struct dns_event *e = event_of(ub);

	e->bits = (short)(e->bits & ~bits);
}

static void
set_fd(struct ub_event *ub, int fd)
{
	struct dns_event *e = event_of(ub);

	ev_io_stop(&e->io);
	ev_io_init(&e->io, fd, on_ready);
}

static void
event_free(struct ub_event *ub)
{
	struct dns_event *e = event_of(ub);

	deactivate(e);
	free(e);
}

static int
event_add(struct ub_event *ub, struct timeval *tv)
{
	struct dns_event *e = event_of(ub);

	ev_timer_stop(&e->timer);
	e->timeout_ms = tv != NULL ? ms_of(tv) : -1;
	activate(e);
	return 0;
}

static int
event_del(struct ub_event *ub)
{
	deactivate(event_of(ub));
	return 0;
}

static int
add_timer(struct ub_event *ub, struct ub_event_base *base,
    void (*fn)(int, short, void *), void *arg, struct timeval *tv)
{
	struct dns_event *e = event_of(ub);

	(void)base;
	e->fn = fn;
	e->arg = arg;
	return event_add(ub, tv);
}

/* Signals are not libunbound's business here. */
static int
no_signal_add(struct ub_event *ub, struct timeval *tv)
{
	(void)ub, (void)tv;
	return -1;
}

static int
no_signal_del(struct ub_event *ub)
{
	(void)ub;
	return -1;
}

static void
no_winsock(struct ub_event *ub)
{
	(void)ub;
}

static void
no_winsock_block(struct ub_event *ub, int bit)
{
	(void)ub, (void)bit;
}

static struct ub_event_vmt event_vmt = {
	.add_bits = add_bits,
	.del_bits = del_bits,
	.set_fd = set_fd,
	.free = event_free,
	.add = event_add,
	.del = event_del,
	.add_timer = add_timer,
	.del_timer = event_del,
	.add_signal = no_signal_add,
	.del_signal = no_signal_del,
	.winsock_unregister_wsaevent = no_winsock,
	.winsock_tcp_wouldblock = no_winsock_block,
};

/* ---- the table of the base ---- */

static struct ub_event *
new_event(struct ub_event_base *base, int fd, short bits,
    void (*fn)(int, short, void *), void *arg)
{
	struct dns_event *e = xcalloc(1, sizeof *e);

	(void)base;
	e->ub = (struct ub_event){ UB_EVENT_MAGIC, &event_vmt };
	ev_io_init(&e->io, fd, on_ready);
	ev_timer_init(&e->timer, on_time);
	e->bits = bits;
	e->timeout_ms = -1;
	e->fn = fn;
	e->arg = arg;
	return &e->ub;
}

static struct ub_event *
no_new_signal(struct ub_event_base *base, int fd,
    void (*fn)(int, short, void *), void *arg)
{
	(void)base, (void)fd, (void)fn, (void)arg;
	return NULL;
}

static struct ub_event *
no_new_winsock(struct ub_event_base *base, void *event,
    void (*fn)(int, short, void *), void *arg)
{
	(void)base, (void)event, (void)fn, (void)arg;
	return NULL;
}

/* The loop is not libunbound's to run or to end. */
static void
base_free(struct ub_event_base *base)
{
	(void)base;
}

static int
base_dispatch(struct ub_event_base *base)
{
	(void)base;
	return -1;
}

static int
base_exit(struct ub_event_base *base, struct timeval *tv)
{
	(void)base, (void)tv;
	return -1;
}

static struct ub_event_base_vmt base_vmt = {
	.free = base_free,
	.dispatch = base_dispatch,
	.loopexit = base_exit,
	.new_event = new_event,
	.new_signal = no_new_signal,
	.winsock_register_wsaevent = no_new_winsock,
};

struct ub_event_base *
dns_events_base(void)
{
	static struct ub_event_base base = { UB_EVENT_MAGIC, &base_vmt };

	return &base;
}
