/* SPDX-License-Identifier: ISC */
#include "imapd/park/park.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/quota.h"
#include "ev/loop.h"
#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/notify/between.h"
#include "imapd/park/parcel.h"
#include "imapd/relay/relay.h"
#include "imapd/selected/viewwatch.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "maildir/name.h"
#include "sys/fd.h"

enum {
	TICKET_MS = 10000,
	HELD_MS = 30000,
	LATER = 10,      /* times park_after, where it was refused */
	LEAVING_MAX = 8, /* at once; parking takes some more of a process */
	SOON_MS = 50,
};

struct parking {
	struct session *session;
	struct ev_timer timer;
	struct ipc_call call;
	int64_t ends_at_ms;
	const int64_t *beat_at_ms;
};

/* On its way: until parking has it the client stays open here. */
struct leaving {
	struct ipc_call call;
	int fd;
	char sid[32];
};

static unsigned nleaving; /* from the ticket on */

bool
park_busy(void)
{
	return nleaving > 0;
}

static void
arm(struct parking *p, int64_t times)
{
	ev_timer_set(&p->timer, imapd_conf->park_after * times);
}

/* ---- going ---- */

static void
on_held(struct ipc_call *call, struct msg *m)
{
	struct leaving *l = OUTER(call, struct leaving, call);

	if (m == NULL)
		log_warn("imapd.park-failed", kv_s("sid", l->sid));
	nleaving--;
	fd_close(&l->fd);
	free(l);
}

static uint32_t
until(int64_t at_ms)
{
	return at_ms > ev_now_ms() ? (uint32_t)(at_ms - ev_now_ms()) : 1;
}

/* The session ends here, without a word. */
static void
send_off(struct parking *p, struct slice ticket, const struct parcel *with)
{
	struct session *s = p->session;
	struct ipc *peer = ipc_link(ROLE_PARKING, 0, 0);
	struct leaving *l = xcalloc(1, sizeof *l);

	l->fd = with->fd;
	memcpy(l->sid, s->sid, sizeof l->sid);
	IPC_CALL(peer, &l->call, parking_held, on_held, HELD_MS,
	    parking_session, .ticket = ticket, .client = l->fd,
	    .sid = slice_str(s->sid),
	    .account = slice_str(imapd_user_name(s->user)),
	    .state = buf_slice(&with->state), .beat = buf_slice(&with->beat),
	    .beat_ms = (uint32_t)imapd_conf->idle_notify,
	    .first_ms = until(*p->beat_at_ms), .bye = buf_slice(&with->bye),
	    .stop = buf_slice(&with->stop), .left_ms = until(p->ends_at_ms));
	log_debug("imapd.session-parked", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(s->user)));
	imapd_session_leave(s);
}

/* Nothing that happens from here on is missed: the ticket has parking told of
 * what we and others of ours do, and other programs.  False: there was
 * something to be told, or it cannot be parked now. */
static bool
leave(struct parking *p, struct slice ticket)
{
	struct session *s = p->session;
	struct parcel with;
	bool left;

	notify_between(s, true);
	if (s->state != S_LOGOUT)
		parcel_rest(s);
	left = s->state != S_LOGOUT && parcel_make(s, &with);
	if (left) {
		send_off(p, ticket, &with);
		parcel_fini(&with);
	}
	return left;
}

static void
on_ticket(struct ipc_call *call, struct msg *m)
{
	struct parking *p = OUTER(call, struct parking, call);
	struct session *s = p->session;
	char ticket[AUTH_TICKET_SIZE];
	struct slice t;

	if (m == NULL || !m->master_ticket.ok ||
	    m->master_ticket.ticket.n != sizeof ticket) {
		nleaving--;
		arm(p, LATER);
		return;
	}
	memcpy(ticket, m->master_ticket.ticket.p, sizeof ticket);
	t = slice_of(ticket, sizeof ticket);
	imapd_session_hold(s);
	if (!leave(p, t)) {
		nleaving--;
		IPC_SEND(
		    ipc_link(ROLE_PARKING, 0, 0), parking_drop, .ticket = t);
		if (s->job != NULL)
			arm(p, LATER);
	}
	imapd_session_release(s);
}

static void
ask(struct parking *p)
{
	const struct session *s = p->session;
	struct buf dir;

	buf_init(&dir, NAME_DIR_LIMIT);
	if (s->view != NULL)
		viewwatch_dir(s, &dir);
	nleaving++;
	IPC_CALL(ipc_master(), &p->call, master_ticket, on_ticket, TICKET_MS,
	    master_park, .account = slice_str(imapd_user_name(s->user)),
	    .home = slice_str(imapd_user_home(s->user)),
	    .quota = imapd_user_quota(s->user)->bytes,
	    .quota_messages = imapd_user_quota(s->user)->messages,
	    .address = slice_str(s->address), .dir = buf_slice(&dir));
	buf_fini(&dir);
}

static void
on_timer(struct ev_timer *t)
{
	struct parking *p = OUTER(t, struct parking, timer);

	if (!parcel_can(p->session)) {
		arm(p, 1);
		return;
	}
	if (nleaving >= LEAVING_MAX) {
		ev_timer_set(t, SOON_MS);
		return;
	}
	ask(p);
}

struct parking *
park_start(struct session *s, int64_t ends_at_ms, const int64_t *beat_at_ms)
{
	struct parking *p;

	/* A guest's client is his own imapd, which knows when to hang up. */
	if (imapd_conf->park_after == 0 || relay_inside(s).n > 0)
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->session = s;
	p->ends_at_ms = ends_at_ms;
	p->beat_at_ms = beat_at_ms;
	ev_timer_init(&p->timer, on_timer);
	arm(p, 1);
	return p;
}

void
park_again(struct parking *p)
{
	if (p != NULL && !ipc_calling(&p->call))
		arm(p, 1);
}

void
park_stop(struct parking **p)
{
	if (*p == NULL)
		return;
	ev_timer_stop(&(*p)->timer);
	if (ipc_calling(&(*p)->call))
		nleaving--;
	ipc_cancel(&(*p)->call);
	xfree(p);
}
