/* SPDX-License-Identifier: ISC */
/*
 * Peers, links and calls.
 *
 * A peer is a channel with a role.  A link (peer->link) asks master for its
 * channel when it is first used and again after it was lost; what is sent in
 * between waits in `pending`.  Open calls stand in a table by id, so that a
 * reply finds its call and a lost peer fails all of its own.
 */
#include "ipc/ipc.h"

#include <bsd/sys/queue.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/admit.h"
#include "ipc/channel.h"
#include "ipc/frame.h"
#include "ipc/pass.h"
#include "ipc/setup.h"
#include "log/log.h"
#include "sys/fd.h"

enum {
	CALL_SLOTS = 1024,
	PENDING_MAX_BYTES = 1 << 20, /* while master connects us */
};

TAILQ_HEAD(call_list, ipc_call);

struct pending {
	TAILQ_ENTRY(pending) link;
	int fd;
	size_t n;
	char bytes[];
};

struct ipc {
	LIST_ENTRY(ipc) accepted; /* others' channels to us */
	struct channel channel;
	enum role role;
	enum role self; /* who we are to it */
	unsigned index;
	uid_t uid;
	uint32_t asker; /* the process; 0: not known */
	void *data;
	bool link;
	bool losing;  /* lose() is at work on it */
	bool hung_up; /* meanwhile: free it in the end */
	char *ticket; /* of ipc_dial, until it is used; AUTH_TICKET_SIZE */
	size_t nticket;
	struct ipc_pass pass;
	char *pass_text;         /* what it points into; NULL: none */
	struct ipc_call connect; /* master_connect under way (links) */
	TAILQ_HEAD(, pending) pending;
	size_t pending_bytes;
};

static struct {
	enum role self;
	const struct ipc_table *table;
	struct ipc *master;
	struct map links;
	LIST_HEAD(, ipc) accepted;
	uint64_t last_id;
	unsigned counts[ROLE_COUNT];
	unsigned peers;
	struct call_list calls[CALL_SLOTS];
} ipc;

/* ---- calls ---- */

static struct call_list *
slot_of(uint64_t id)
{
	return &ipc.calls[id % CALL_SLOTS];
}

void
ipc_cancel(struct ipc_call *call)
{
	if (call->id == 0)
		return;
	TAILQ_REMOVE(slot_of(call->id), call, link);
	ev_timer_stop(&call->deadline);
	call->id = 0;
}

static void
fail_call(struct ipc_call *call)
{
	ipc_cancel(call);
	call->on_reply(call, NULL);
}

static void
on_call_deadline(struct ev_timer *t)
{
	fail_call(OUTER(t, struct ipc_call, deadline));
}

static struct ipc_call *
call_of(const struct ipc *peer, size_t slot, uint64_t last)
{
	struct ipc_call *call;

	TAILQ_FOREACH(call, &ipc.calls[slot], link)
	if (call->peer == peer && call->id <= last)
		return call;
	return NULL;
}

/* Callbacks may cancel other calls or start new ones, so each round starts
 * from the front; new calls to PEER are not failed: their id is newer. */
static void
fail_calls_of(const struct ipc *peer)
{
	const uint64_t last = ipc.last_id;

	for (size_t i = 0; i < CALL_SLOTS; i++) {
		struct ipc_call *call;

		while ((call = call_of(peer, i, last)) != NULL)
			fail_call(call);
	}
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	must(call->id == 0);
	m->id = ++ipc.last_id;
	call->peer = peer;
	call->id = m->id;
	call->reply = reply;
	call->on_reply = on_reply;
	ev_timer_init(&call->deadline, on_call_deadline);
	TAILQ_INSERT_TAIL(slot_of(call->id), call, link);
	if (!ipc_send(peer, m))
		ev_timer_set(&call->deadline, 0);
	else if (timeout_ms > 0)
		ev_timer_set(&call->deadline, timeout_ms);
}

/* The call that M answers, taken out of the table; NULL when none. */
static struct ipc_call *
answered(const struct ipc *peer, const struct msg *m)
{
	struct ipc_call *call;

	TAILQ_FOREACH(call, slot_of(m->id), link)
	if (call->id == m->id && call->peer == peer && call->reply == m->type) {
		ipc_cancel(call);
		return call;
	}
	return NULL;
}

/* ---- frames ---- */

static bool
on_frame(struct channel *c, struct slice frame, int fd)
{
	struct ipc *peer = OUTER(c, struct ipc, channel);
	struct ipc_call *call;
	struct msg m;
	int *mfd;

	if (!msg_get(frame, fd, &m) || !msg_may_send(peer->role, m.type) ||
	    !msg_may_receive(peer->self, m.type)) {
		fd_close(&fd);
		return false;
	}
	mfd = msg_fd(&m);
	if (msg_is_reply(m.type)) {
		/* A reply to a call that was cancelled is no mistake. */
		call = answered(peer, &m);
		if (call != NULL)
			call->on_reply(call, &m);
	} else if (ipc.table->on[m.type] != NULL)
		ipc.table->on[m.type](peer, &m);
	else {
		fd_close(&fd);
		return false;
	}
	if (mfd != NULL)
		fd_close(mfd);
	return true;
}

static void
free_pending(struct pending *p)
{
	fd_close(&p->fd);
	explicit_bzero(p->bytes, p->n);
	free(p);
}

static void
drop_pending(struct ipc *peer)
{
	struct pending *p;

	while ((p = TAILQ_FIRST(&peer->pending)) != NULL) {
		TAILQ_REMOVE(&peer->pending, p, link);
		free_pending(p);
	}
	peer->pending_bytes = 0;
}

static void
peer_free(struct ipc *peer)
{
	if (peer->ticket != NULL)
		explicit_bzero(peer->ticket, peer->nticket);
	free(peer->ticket);
	free(peer->pass_text);
	free(peer);
}

static void
lose(struct ipc *peer)
{
	const bool was_open = channel_is_open(&peer->channel);

	peer->losing = true;
	channel_close(&peer->channel);
	drop_pending(peer);
	fail_calls_of(peer);
	if (was_open && ipc.table->on_gone != NULL)
		ipc.table->on_gone(peer);
	peer->losing = false;
	if (peer->hung_up) {
		peer_free(peer);
		return;
	}
	if (peer->link || peer == ipc.master)
		return;
	LIST_REMOVE(peer, accepted);
	ipc.peers--;
	peer_free(peer);
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	if (why != NULL)
		log_warn("ipc.dropped", kv_s("peer", role_name(peer->role)),
		    kv_u("index", peer->index),
		    kv_s("self", role_name(peer->self)), kv_s("why", why));
	lose(peer);
}

static void
on_gone(struct channel *c, const char *why)
{
	ipc_drop(OUTER(c, struct ipc, channel), why);
}

static const struct channel_handler handler = { on_frame, on_gone };

/* ---- peers and links ---- */

static struct ipc *
peer_new(enum role role, unsigned index, uid_t uid)
{
	struct ipc *peer = xcalloc(1, sizeof *peer);

	channel_init(&peer->channel, &handler);
	TAILQ_INIT(&peer->pending);
	peer->role = role;
	peer->self = ipc.self;
	peer->index = index;
	peer->uid = uid;
	return peer;
}

void
ipc_forget_master(void)
{
	must(ipc.peers == 0 && ipc.links.count == 0);
	channel_abandon(&ipc.master->channel);
	peer_free(ipc.master);
	ipc.master = NULL;
}

void
ipc_set_pass(struct ipc *peer, const struct ipc_pass *pass)
{
	const size_t na = pass != NULL ? pass->account.n : 0;
	const size_t nh = pass != NULL ? pass->home.n : 0;
	const size_t ng = pass != NULL ? pass->guest.n : 0;
	const size_t nm = pass != NULL ? pass->groups.n : 0;

	xfree(&peer->pass_text);
	if (pass == NULL)
		return;
	peer->pass_text = xmalloc(na + nh + ng + nm + 1);
	if (na > 0)
		memcpy(peer->pass_text, pass->account.p, na);
	if (nh > 0)
		memcpy(peer->pass_text + na, pass->home.p, nh);
	if (ng > 0)
		memcpy(peer->pass_text + na + nh, pass->guest.p, ng);
	if (nm > 0)
		memcpy(peer->pass_text + na + nh + ng, pass->groups.p, nm);
	peer->pass = (struct ipc_pass){ slice_of(peer->pass_text, na),
		slice_of(peer->pass_text + na, nh), pass->quota,
		pass->quota_messages, pass->parked,
		slice_of(peer->pass_text + na + nh, ng),
		slice_of(peer->pass_text + na + nh + ng, nm) };
}

const struct ipc_pass *
ipc_pass(const struct ipc *peer)
{
	return peer->pass_text != NULL ? &peer->pass : NULL;
}

void
ipc_set_self(enum role self)
{
	ipc.self = self;
}

void
ipc_setup(enum role self, const struct ipc_table *table)
{
	ipc_set_self(self);
	ipc.table = table;
	map_init(&ipc.links);
	for (size_t i = 0; i < CALL_SLOTS; i++)
		TAILQ_INIT(&ipc.calls[i]);
}

struct ipc *
ipc_set_master(int fd)
{
	ipc.master = peer_new(ROLE_MASTER, 0, 0);
	ipc.master->channel.lenient = true;
	/* What is said to master may be the last before an exit or a fork. */
	ipc.master->channel.at_once = true;
	channel_open(&ipc.master->channel, fd);
	return ipc.master;
}

struct ipc *
ipc_master(void)
{
	return ipc.master;
}

struct ipc *
ipc_accept(int fd, enum role role, unsigned index, uid_t uid)
{
	struct ipc *peer = peer_new(role, index, uid);

	channel_open(&peer->channel, fd);
	LIST_INSERT_HEAD(&ipc.accepted, peer, accepted);
	ipc.peers++;
	if (ipc.table->on_open != NULL)
		ipc.table->on_open(peer);
	return peer;
}

bool
ipc_admits_user(uid_t uid)
{
	const struct ipc *peer;
	unsigned his = 0, all = 0;

	LIST_FOREACH(peer, &ipc.accepted, accepted)
	if (peer->role == ROLE_USER) {
		his += peer->uid == uid;
		all++;
	}
	return his < IPC_CHANNELS_OF_UID && all < IPC_CHANNELS_OF_USERS;
}

struct ipc *
ipc_admit(int fd, enum role role, unsigned index, uid_t uid, uint32_t asker)
{
	struct ipc *peer, *next;

	if (role == ROLE_USER && !ipc_admits_user(uid)) {
		fd_close(&fd);
		return NULL;
	}
	/* A process asks again when its channel is lost, or was taken over. */
	LIST_FOREACH_SAFE(peer, &ipc.accepted, accepted, next)
	if (asker != 0 && peer->asker == asker && peer->role == role) {
		lose(peer);
		break;
	}
	peer = ipc_accept(fd, role, index, uid);
	peer->asker = asker;
	return peer;
}

unsigned
ipc_crippled(void)
{
	return ipc.master != NULL ? ipc.master->channel.crippled : 0;
}

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	const uint32_t words[] = { role, index, uid };
	const struct slice key = slice_of(words, sizeof words);
	struct ipc *peer = map_find(&ipc.links, key);

	if (peer != NULL)
		return peer;
	peer = peer_new(role, index, uid);
	peer->link = true;
	map_put(&ipc.links, key, peer);
	return peer;
}

struct ipc *
ipc_dial(enum role role, struct slice ticket)
{
	struct ipc *peer = peer_new(role, 0, 0);

	peer->link = true;
	peer->ticket = xmalloc(ticket.n + 1);
	peer->nticket = ticket.n;
	if (ticket.n > 0)
		memcpy(peer->ticket, ticket.p, ticket.n);
	return peer;
}

void
ipc_hangup(struct ipc **pp)
{
	struct ipc *peer = *pp;

	*pp = NULL;
	if (peer == NULL)
		return;
	ipc_cancel(&peer->connect);
	peer->hung_up = true;
	if (!peer->losing)
		lose(peer);
}

unsigned
ipc_count(enum role role)
{
	const unsigned n = role < ROLE_COUNT ? ipc.counts[role] : 0;

	return n > 0 ? n : 1;
}

bool
ipc_has(enum role role)
{
	return role < ROLE_COUNT && ipc.counts[role] > 0;
}

void
ipc_set_count(enum role role, unsigned count)
{
	if (role < ROLE_COUNT)
		ipc.counts[role] = count;
}

static void
on_connected(struct ipc_call *call, struct msg *m)
{
	struct ipc *peer = OUTER(call, struct ipc, connect);
	struct pending *p;

	if (m == NULL || !m->master_connected.ok ||
	    m->master_connected.sock == -1) {
		if (m != NULL)
			log_warn("ipc.refused",
			    kv_s("peer", role_name(peer->role)),
			    kv_slice("why", m->master_connected.why));
		lose(peer);
		return;
	}
	channel_open(&peer->channel, m->master_connected.sock);
	m->master_connected.sock = -1;
	if (ipc.table->on_open != NULL)
		ipc.table->on_open(peer);
	while ((p = TAILQ_FIRST(&peer->pending)) != NULL) {
		TAILQ_REMOVE(&peer->pending, p, link);
		(void)channel_send(
		    &peer->channel, slice_of(p->bytes, p->n), p->fd);
		free_pending(p);
	}
	peer->pending_bytes = 0;
}

/* Keep a frame until master has connected us. */
static bool
send_later(struct ipc *peer, struct slice frame, int fd)
{
	struct pending *p;

	if (peer->pending_bytes + frame.n > PENDING_MAX_BYTES)
		return false;
	p = xmalloc(sizeof *p + frame.n);
	p->fd = fd != -1 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	p->n = frame.n;
	if (fd != -1 && p->fd == -1) {
		free(p);
		return false;
	}
	memcpy(p->bytes, frame.p, frame.n);
	TAILQ_INSERT_TAIL(&peer->pending, p, link);
	peer->pending_bytes += frame.n;
	if (!ipc_calling(&peer->connect))
		IPC_CALL(ipc.master, &peer->connect, master_connected,
		    on_connected, 0, master_connect, .role = peer->role,
		    .index = peer->index, .uid = peer->uid,
		    .ticket = slice_of(peer->ticket, peer->nticket));
	return true;
}

static bool
send_msg(struct ipc *peer, const struct msg *m, bool post)
{
	static struct buf frame = { .max = MSG_MAX_BYTES + 1024 };
	bool ok;
	int fd;

	must(msg_may_receive(peer->role, m->type));
	buf_reset(&frame);
	/* whole from the start: a frame with a password must not move about */
	(void)buf_room(&frame, frame.max);
	if (!msg_put(m, &frame, &fd))
		return false;
	must(!post || fd == -1);
	if (post && channel_is_open(&peer->channel))
		ok = channel_post(&peer->channel, buf_slice(&frame));
	else if (channel_is_open(&peer->channel))
		ok = channel_send(&peer->channel, buf_slice(&frame), fd);
	else
		ok = peer->link && send_later(peer, buf_slice(&frame), fd);
	explicit_bzero(frame.p, frame.n);
	return ok;
}

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	return send_msg(peer, m, false);
}

bool
ipc_post(struct ipc *peer, const struct msg *m)
{
	return send_msg(peer, m, true);
}

bool
ipc_is_broken(const struct ipc *peer)
{
	return peer->channel.broken;
}

enum role
ipc_role(const struct ipc *peer)
{
	return peer->role;
}

unsigned
ipc_index(const struct ipc *peer)
{
	return peer->index;
}

uid_t
ipc_uid(const struct ipc *peer)
{
	return peer->uid;
}

void
ipc_set_data(struct ipc *peer, void *data)
{
	peer->data = data;
}

void *
ipc_data(const struct ipc *peer)
{
	return peer->data;
}

unsigned
ipc_peers(void)
{
	return ipc.peers;
}
