/* SPDX-License-Identifier: ISC */
#include "parking/hold.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/pass.h"
#include "log/log.h"
#include "log/metric.h"
#include "parking/conf.h"
#include "sys/fd.h"

enum {
	EARLY_MAX = 16, /* of one process of imapd */
	EARLY_MAX_ALL = 1000,
	LAPSE_MS = 60000, /* a ticket that no session comes with */
	THERE_MS = 60000, /* imapd may have to be started first */
	LEFT_MAX_MS = 7 * 24 * 3600 * 1000,
	BEAT_MIN_MS = 10000,
	AGAIN_MS = 500, /* after the first failure; then twice that, … */
	AGAIN_TIMES = 9,
};

enum stage {
	EXPECTED, /* master has said so; the session may come */
	EARLY,    /* the session came; master's word is on its way */
	DROPPED,  /* the same, and it will not come */
	HELD,
	WAKING, /* it is to go back to imapd */
};

struct home {
	char *name;
	LIST_HEAD(, held) sessions;
};

/* On the way back. */
struct waking {
	struct held *held;
	struct ipc *peer;
	struct ipc_call call;
	unsigned tries;
};

struct held {
	LIST_ENTRY(held) link; /* of home; or of those that are early */
	struct home *home;
	struct ipc *from; /* while it is early: who is the only one to speak
			     of it, */
	uint64_t id;      /* and is to hear that it is held */
	enum stage stage;
	bool changed; /* the account has, since master's word */
	uint8_t ticket[AUTH_TICKET_SIZE];
	struct ev_io client; /* fd -1: not here yet */
	struct ev_io watch;  /* fd -1: none */
	struct ev_timer timer;
	int64_t beat_at_ms, ends_at_ms;
	uint32_t beat_ms; /* 0: none */
	struct waking *waking;
	char sid[32];
	char *account;
	char *state, *beat, *bye; /* with their ends one behind the other */
	size_t nstate, nbeat, nbye;
};

static struct map by_ticket, by_home;
static LIST_HEAD(, held) early = LIST_HEAD_INITIALIZER(early);
static unsigned sessions;

static struct metric sessions_now = {
	.name = "pabal_parking_sessions",
	.help = "Sessions held now.",
	.type = METRIC_GAUGE,
};

static void on_client(struct ev_io *io, unsigned events);
static void on_watch(struct ev_io *io, unsigned events);
static void on_timer(struct ev_timer *t);

/* ---- which there are ---- */

static struct slice
ticket_of(const struct held *h)
{
	return slice_of(h->ticket, sizeof h->ticket);
}

static struct held *
held_new(struct slice ticket, enum stage stage)
{
	struct held *h = xcalloc(1, sizeof *h);

	memcpy(h->ticket, ticket.p, sizeof h->ticket);
	h->stage = stage;
	ev_io_init(&h->client, -1, on_client);
	ev_io_init(&h->watch, -1, on_watch);
	ev_timer_init(&h->timer, on_timer);
	ev_timer_set(&h->timer, LAPSE_MS);
	map_put(&by_ticket, ticket_of(h), h);
	return h;
}

static void
enter_home(struct held *h, struct slice name)
{
	struct home *home = map_find(&by_home, name);

	if (home == NULL) {
		home = xcalloc(1, sizeof *home);
		home->name = xslicedup(name);
		map_put(&by_home, name, home);
	}
	h->home = home;
	LIST_INSERT_HEAD(&home->sessions, h, link);
}

static void
leave_home(struct held *h)
{
	struct home *home = h->home;

	LIST_REMOVE(h, link);
	if (home == NULL)
		return;
	if (!LIST_EMPTY(&home->sessions))
		return;
	map_del(&by_home, slice_str(home->name));
	free(home->name);
	free(home);
}

static void
drop_io(struct ev_io *io)
{
	if (io->fd == -1)
		return;
	ev_io_stop(io);
	fd_close(&io->fd);
}

static void
waking_end(struct held *h)
{
	struct waking *w = h->waking;

	h->waking = NULL;
	if (w == NULL)
		return;
	ipc_cancel(&w->call);
	ipc_hangup(&w->peer);
	free(w);
}

/* Its client goes, too, if it is here still. */
static void
held_free(struct held *h)
{
	waking_end(h);
	if (h->account != NULL)
		metric_set(&sessions_now, --sessions);
	if (h->home != NULL)
		IPC_SEND(ipc_master(), parking_done, .ticket = ticket_of(h));
	map_del(&by_ticket, ticket_of(h));
	leave_home(h);
	ev_timer_stop(&h->timer);
	drop_io(&h->watch);
	drop_io(&h->client);
	explicit_bzero(h->ticket, sizeof h->ticket);
	free(h->account);
	free(h->state);
	free(h);
}

/* ---- the end ---- */

static void
end(struct held *h, const char *why)
{
	log_info("parking.session-end", kv_s("sid", h->sid),
	    kv_s("account", h->account), kv_s("why", why));
	held_free(h);
}

/* False: the client does not take it, so nothing can be said any more. */
static bool
say(const struct held *h, const char *p, size_t n)
{
	return n == 0 || send(h->client.fd, p, n,
			     MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
}

static void
end_with_bye(struct held *h, const char *why)
{
	(void)say(h, h->bye, h->nbye);
	end(h, why);
}

/* ---- waking ---- */

static uint64_t
until(int64_t at_ms)
{
	const int64_t left = at_ms - ev_now_ms();

	return left > 0 ? (uint64_t)left : 1;
}

static void
again(struct held *h)
{
	const unsigned tries = ++h->waking->tries;

	ipc_hangup(&h->waking->peer);
	if (tries > AGAIN_TIMES) {
		end_with_bye(h, "unserved");
		return;
	}
	log_warn("parking.wake-failed", kv_s("sid", h->sid),
	    kv_s("account", h->account), kv_u("tries", tries));
	ev_timer_set(&h->timer, (int64_t)AGAIN_MS << (tries - 1));
}

static void
on_there(struct ipc_call *call, struct msg *m)
{
	struct waking *w = OUTER(call, struct waking, call);
	struct held *h = w->held;

	if (m == NULL ||
	    !IPC_SEND(w->peer, imapd_unpark, .client = h->client.fd,
		.sid = slice_str(h->sid),
		.state = slice_of(h->state, h->nstate),
		.beat_ms = h->beat_ms > 0 ? (uint32_t)until(h->beat_at_ms) : 0,
		.left_ms = until(h->ends_at_ms)))
		again(h);
	else
		held_free(h);
}

static void
ask(struct held *h)
{
	struct waking *w = h->waking;

	w->peer = ipc_dial(ROLE_IMAPD, ticket_of(h));
	IPC_CALL(
	    w->peer, &w->call, imapd_there, on_there, THERE_MS, imapd_wanted);
}

static void
wake(struct held *h)
{
	if (h->stage != HELD)
		return;
	h->stage = WAKING;
	ev_io_stop(&h->client);
	drop_io(&h->watch);
	ev_timer_stop(&h->timer);
	h->waking = xcalloc(1, sizeof *h->waking);
	h->waking->held = h;
	ask(h);
}

/* What the client sends is imapd's to read; its end is seen here. */
static void
on_client(struct ev_io *io, unsigned events)
{
	struct held *h = OUTER(io, struct held, client);
	char c;
	const ssize_t n = recv(io->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n > 0)
		wake(h);
	else if (n == 0)
		end(h, "eof");
	else if ((errno != EAGAIN && errno != EINTR) || (events & EV_HUP) != 0)
		end(h, "error");
}

static void
on_watch(struct ev_io *io, unsigned events)
{
	(void)events;
	wake(OUTER(io, struct held, watch));
}

/* ---- time ---- */

static void
set_timer(struct held *h)
{
	const bool beats = h->beat_ms > 0 && h->beat_at_ms < h->ends_at_ms;

	ev_timer_set(
	    &h->timer, (int64_t)until(beats ? h->beat_at_ms : h->ends_at_ms));
}

static void
on_time(struct held *h)
{
	if (ev_now_ms() >= h->ends_at_ms) {
		end_with_bye(h, "timeout");
		return;
	}
	if (h->beat_ms > 0 && ev_now_ms() >= h->beat_at_ms) {
		h->beat_at_ms = ev_now_ms() + h->beat_ms;
		if (!say(h, h->beat, h->nbeat)) {
			end(h, "error");
			return;
		}
	}
	set_timer(h);
}

/* Whatever it waited for did not come. */
static void
lapse(struct held *h)
{
	if (h->account != NULL)
		end_with_bye(h, "unserved");
	else
		held_free(h);
}

static void
on_timer(struct ev_timer *t)
{
	struct held *h = OUTER(t, struct held, timer);

	switch (h->stage) {
	case EXPECTED:
	case EARLY:
	case DROPPED:
		lapse(h);
		break;
	case HELD:
		on_time(h);
		break;
	case WAKING:
		ask(h);
		break;
	}
}

/* ---- coming in ---- */

/* Session and ticket are here; FROM is told. */
static void
hold(struct held *h, struct ipc *from)
{
	h->stage = HELD;
	h->from = NULL;
	IPC_SEND(from, parking_held, .id = h->id);
	ev_io_set(&h->client, EV_READ);
	if (h->watch.fd != -1 && !ev_io_try(&h->watch, EV_READ))
		drop_io(&h->watch);
	set_timer(h);
	if (h->changed || sessions > parking_conf->max_sessions)
		wake(h);
}

void
hold_on_expect(struct ipc *peer, struct msg *m)
{
	const struct msg_parking_expect *in = &m->parking_expect;
	struct held *h;

	(void)peer;
	if (in->ticket.n != AUTH_TICKET_SIZE)
		return;
	h = map_find(&by_ticket, in->ticket);
	if (h == NULL) {
		h = held_new(in->ticket, EXPECTED);
	} else if (h->home == NULL) {
		LIST_REMOVE(h, link);
	} else {
		return;
	}
	enter_home(h, in->home);
	if (h->stage == DROPPED)
		held_free(h);
	else if (h->account != NULL)
		hold(h, h->from);
	else {
		h->stage = EXPECTED;
		h->from = NULL;
	}
}

static struct held *
early_new(struct ipc *peer, struct slice ticket)
{
	struct held *h;
	unsigned n = 0, all = 0;

	LIST_FOREACH(h, &early, link)
	{
		n += h->from == peer;
		all++;
	}
	if (n >= EARLY_MAX || all >= EARLY_MAX_ALL)
		return NULL;
	h = held_new(ticket, EARLY);
	h->from = peer;
	LIST_INSERT_HEAD(&early, h, link);
	return h;
}

/* The one that waits for TICKET's session; NULL, and PEER dropped: none may. */
static struct held *
awaited(struct ipc *peer, struct slice ticket)
{
	struct held *h = NULL;

	if (ticket.n == AUTH_TICKET_SIZE) {
		h = map_find(&by_ticket, ticket);
		if (h == NULL)
			h = early_new(peer, ticket);
	}
	if (h != NULL && h->account == NULL && h->stage != DROPPED &&
	    (h->from == NULL || h->from == peer))
		return h;
	ipc_drop(peer, "no session of its own");
	return NULL;
}

/* It waits to hear that what it was early with is held. */
void
hold_on_gone(struct ipc *peer)
{
	struct held *h, *next;

	for (h = LIST_FIRST(&early); h != NULL; h = next) {
		next = LIST_NEXT(h, link);
		if (h->from == peer)
			lapse(h);
	}
}

void
hold_on_watch(struct ipc *peer, struct msg *m)
{
	struct msg_parking_watch *in = &m->parking_watch;
	struct held *h = awaited(peer, in->ticket);

	if (h == NULL || h->watch.fd != -1)
		return;
	h->watch.fd = in->watch;
	in->watch = -1;
}

static void
put(char *to, struct slice s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
}

/* All bytes in one piece of memory. */
static void
keep(struct held *h, struct slice state, struct slice beat, struct slice bye)
{
	h->nstate = state.n;
	h->nbeat = beat.n;
	h->nbye = bye.n;
	h->state = xmalloc(state.n + beat.n + bye.n + 1);
	h->beat = h->state + state.n;
	h->bye = h->beat + beat.n;
	put(h->state, state);
	put(h->beat, beat);
	put(h->bye, bye);
}

void
hold_on_session(struct ipc *peer, struct msg *m)
{
	struct msg_parking_session *in = &m->parking_session;
	struct held *h = awaited(peer, in->ticket);

	if (h == NULL)
		return;
	if (!ev_takes(in->client)) {
		ipc_drop(peer, "a client that is no socket");
		return;
	}
	h->client.fd = in->client;
	in->client = -1;
	h->account = xslicedup(in->account);
	(void)slice_copy(in->sid, h->sid, sizeof h->sid);
	keep(h, in->state, in->beat, in->bye);
	h->id = in->id;
	h->beat_ms = in->beat_ms == 0 || in->beat_ms > BEAT_MIN_MS
			 ? in->beat_ms
			 : BEAT_MIN_MS;
	h->beat_at_ms = ev_now_ms() + in->first_ms;
	h->ends_at_ms =
	    ev_now_ms() +
	    (in->left_ms < LEFT_MAX_MS ? (int64_t)in->left_ms : LEFT_MAX_MS);
	metric_set(&sessions_now, ++sessions);
	if (h->stage == EXPECTED)
		hold(h, peer);
}

void
hold_on_drop(struct ipc *peer, struct msg *m)
{
	struct held *h = awaited(peer, m->parking_drop.ticket);

	if (h != NULL && h->stage == EARLY)
		h->stage = DROPPED;
	else if (h != NULL)
		held_free(h);
}

void
hold_on_changed(struct ipc *peer, struct msg *m)
{
	struct home *home = map_find(&by_home, m->store_changed.home);
	struct held *h, *next;

	(void)peer;
	for (h = home != NULL ? LIST_FIRST(&home->sessions) : NULL; h != NULL;
	     h = next) {
		next = LIST_NEXT(h, link);
		h->changed = true;
		wake(h);
	}
}

/* ---- the process ---- */

void
hold_init(void)
{
	map_init(&by_ticket);
	map_init(&by_home);
	metric_register(&sessions_now);
}

bool
hold_busy(void)
{
	return sessions > 0;
}

/* Those on their way are let go: imapd ends them, or they are gone. */
void
hold_stop(void)
{
	struct map_iter it = { 0 };

	while (map_next(&by_ticket, &it)) {
		struct held *h = it.value;

		if (h->account != NULL)
			end_with_bye(h, "stop");
		else
			held_free(h);
	}
}
