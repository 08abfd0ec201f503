/* SPDX-License-Identifier: ISC */
#include "parking/hold.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "parking/conf.h"
#include "parking/count.h"
#include "parking/wake.h"
#include "sys/fd.h"

enum {
	EARLY_MAX = 16, /* of one process of imapd */
	EARLY_MAX_ALL = 1000,
	LAPSE_MS = 60000, /* a ticket that no session comes with */
	EARLY_MS = 5000,  /* master's word was sent before it */
	LEFT_MAX_MS = 7 * 24 * 3600 * 1000,
	BEAT_MIN_MS = 10000,
	TRIES_TOLD = 5,  /* one or two are nothing to be told of */
	SPARE_FDS = 100, /* for what is neither held nor woken */
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
	struct wakes wakes;
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
	struct ev_timer timer;
	int64_t beat_at_ms, ends_at_ms;
	uint32_t beat_ms; /* 0: none */
	struct wake *wake;
	char sid[32];
	char *account;
	char *state, *beat, *bye, *stop; /* with their ends one behind the
					    other */
	size_t nstate, nbeat, nbye, nstop;
};

static struct map by_ticket, by_home;
static LIST_HEAD(, held) early = LIST_HEAD_INITIALIZER(early);
static bool stopping;

static void on_client(struct ev_io *io, unsigned events);
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
	ev_timer_init(&h->timer, on_timer);
	ev_timer_set(&h->timer, stage == EARLY ? EARLY_MS : LAPSE_MS);
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
		TAILQ_INIT(&home->wakes.due);
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

static size_t
bytes_of(const struct held *h)
{
	return h->nstate + h->nbeat + h->nbye + h->nstop;
}

/* Its client goes, too, if it is here still. */
static void
held_free(struct held *h)
{
	wake_stop(&h->wake);
	if (h->account != NULL)
		count_release(bytes_of(h));
	if (h->home != NULL)
		IPC_SEND(ipc_master(), parking_done, .ticket = ticket_of(h));
	map_del(&by_ticket, ticket_of(h));
	leave_home(h);
	ev_timer_stop(&h->timer);
	if (h->client.fd != -1) {
		ev_io_stop(&h->client);
		fd_close(&h->client.fd);
	}
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
	count_add(COUNT_ENDED);
	held_free(h);
}

/* False: the client does not take it, so nothing can be said any more. */
static bool
say(const struct held *h, const char *p, size_t n)
{
	return n == 0 || send(h->client.fd, p, n,
			     MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
}

/* The last that it hears: that its time is up, or that there is no place for
 * it.
 */
static void
end_in_time(struct held *h)
{
	(void)say(h, h->bye, h->nbye);
	end(h, "timeout");
}

static void
end_with(struct held *h, const char *why)
{
	(void)say(h, h->stop, h->nstop);
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
on_failed(struct held *h, unsigned tries)
{
	if (tries >= TRIES_TOLD)
		log_warn("parking.wake-failed", kv_s("sid", h->sid),
		    kv_s("account", h->account), kv_u("tries", tries));
}

static void
on_given_up(struct held *h)
{
	end_with(h, "unserved");
}

static bool
on_there(struct held *h, struct ipc *peer)
{
	if (!IPC_SEND(peer, imapd_unpark, .client = h->client.fd,
		.sid = slice_str(h->sid),
		.state = slice_of(h->state, h->nstate),
		.beat_ms = h->beat_ms > 0 ? (uint32_t)until(h->beat_at_ms) : 0,
		.left_ms = until(h->ends_at_ms)))
		return false;
	held_free(h);
	return true;
}

/* Its lines are written and its time runs as before, until it is gone. */
static void
wake(struct held *h, enum count_why why)
{
	if (h->stage != HELD)
		return;
	h->stage = WAKING;
	count_add(why);
	ev_io_stop(&h->client);
	h->wake = wake_start(h, &h->home->wakes, ticket_of(h));
}

/* What the client sends is imapd's to read; its end is seen here. */
static void
on_client(struct ev_io *io, unsigned events)
{
	struct held *h = OUTER(io, struct held, client);
	char c;
	const ssize_t n = recv(io->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n > 0)
		wake(h, COUNT_WOKEN_CLIENT);
	else if (n == 0)
		end(h, "eof");
	else if ((errno != EAGAIN && errno != EINTR) || (events & EV_HUP) != 0)
		end(h, "error");
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
		end_in_time(h);
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
		end_with(h, "unserved");
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
	case WAKING:
		on_time(h);
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
	set_timer(h);
	count_add(COUNT_PARKED);
	if (stopping)
		end_with(h, "stop");
	else if (h->changed)
		wake(h, COUNT_WOKEN_CHANGED);
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

static void
put(char *to, struct slice s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
}

/* All bytes in one piece of memory. */
static void
keep(struct held *h, const struct msg_parking_session *in)
{
	h->nstate = in->state.n;
	h->nbeat = in->beat.n;
	h->nbye = in->bye.n;
	h->nstop = in->stop.n;
	h->state = xmalloc(bytes_of(h) + 1);
	h->beat = h->state + h->nstate;
	h->bye = h->beat + h->nbeat;
	h->stop = h->bye + h->nbye;
	put(h->state, in->state);
	put(h->beat, in->beat);
	put(h->bye, in->bye);
	put(h->stop, in->stop);
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
	keep(h, in);
	h->id = in->id;
	h->beat_ms = in->beat_ms == 0 || in->beat_ms > BEAT_MIN_MS
			 ? in->beat_ms
			 : BEAT_MIN_MS;
	h->beat_at_ms = ev_now_ms() + in->first_ms;
	h->ends_at_ms =
	    ev_now_ms() +
	    (in->left_ms < LEFT_MAX_MS ? (int64_t)in->left_ms : LEFT_MAX_MS);
	count_hold(bytes_of(h));
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
		wake(h, COUNT_WOKEN_CHANGED);
	}
}

/* ---- the process ---- */

static const struct wake_ops wake_ops = {
	.on_there = on_there,
	.on_failed = on_failed,
	.on_given_up = on_given_up,
};

void
hold_init(void)
{
	map_init(&by_ticket);
	map_init(&by_home);
	wake_init(&wake_ops);
	count_init();
}

/* Each has a descriptor, and some one more on their way back. */
void
hold_tell_room(void)
{
	struct rlimit files = { .rlim_cur = 0 };
	uint64_t n = 1;

	(void)getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur > WAKES_MAX + SPARE_FDS)
		n = files.rlim_cur - WAKES_MAX - SPARE_FDS;
	if (n > parking_conf->max_sessions)
		n = parking_conf->max_sessions;
	IPC_SEND(ipc_master(), parking_room, .sessions = (uint32_t)n);
}

bool
hold_busy(void)
{
	return count_held() > 0;
}

/* Those on their way are let go: imapd ends them, or they are gone. */
void
hold_stop(void)
{
	struct map_iter it = { 0 };

	stopping = true;
	wake_close();
	while (map_next(&by_ticket, &it)) {
		struct held *h = it.value;

		if (h->account != NULL)
			end_with(h, "stop");
		else
			held_free(h);
	}
}
