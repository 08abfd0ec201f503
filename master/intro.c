/* SPDX-License-Identifier: ISC */
#include "master/intro.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/map.h"
#include "base/mem.h"
#include "ipc/door.h"
#include "ipc/frame.h"
#include "ipc/pass.h"
#include "ipc/place.h"
#include "ipc/role_facts.h"
#include "log/log.h"
#include "master/admit.h"
#include "master/isolation.h"
#include "master/master.h"
#include "master/place.h"
#include "master/slots.h"
#include "sys/fd.h"

/* Somebody who waits for a process that is not ready, or for the end of his
 * introduction to it that is under way. */
struct asker {
	TAILQ_ENTRY(asker) link; /* among those of its child */
	TAILQ_ENTRY(asker) all;
	struct child *child;
	struct ipc *peer;
	uint64_t id;
	struct admission *admission; /* what it comes with; NULL: nothing */
};

/* An introduction that its target has not acknowledged yet. */
struct intro {
	TAILQ_ENTRY(intro) link; /* among those to its target */
	uint64_t number;
	pid_t asker; /* 0: a caller of ROLE */
	enum role role;
	uid_t uid;
};

static TAILQ_HEAD(, asker) askers = TAILQ_HEAD_INITIALIZER(askers);

static void
refuse(struct ipc *peer, uint64_t id, const char *why)
{
	IPC_SEND(peer, master_connected, .id = id, .ok = false,
	    .why = slice_str(why), .sock = -1);
}

/* Whom a channel from PEER is for: the account that logged in through it, or
 * the one that PEER's process is for. */
static struct ipc_pass
pass_of(const struct ipc *peer, const struct admission *a)
{
	const struct child *c = ipc_data(peer);
	struct ipc_pass pass = { .quota = 0 };

	if (a != NULL)
		return (struct ipc_pass){ slice_str(a->account),
			slice_str(a->home), a->quota };
	if (ipc_role(peer) < ROLE_CTL && c != NULL) {
		pass.account = slice_str(c->account);
		pass.home = slice_str(c->place);
	}
	return pass;
}

static pid_t
pid_of(const struct ipc *peer)
{
	const struct child *c = ipc_data(peer);

	return c != NULL ? c->pid : 0;
}

/* A channel that a ticket opened is one of many: the others stay. */
static void
introduce(
    struct ipc *peer, uint64_t id, struct child *c, const struct admission *a)
{
	static uint64_t last;
	const struct ipc_pass pass = pass_of(peer, a);
	struct intro *i;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1) {
		refuse(peer, id, strerrordesc_np(errno));
		return;
	}
	child_wanted(c);
	i = xcalloc(1, sizeof *i);
	*i = (struct intro){ .number = ++last,
		.asker = pid_of(peer),
		.role = ipc_role(peer),
		.uid = ipc_uid(peer) };
	TAILQ_INSERT_TAIL(&c->intros, i, link);
	IPC_SEND(c->peer, master_peer, .intro = i->number,
	    .asker = a != NULL ? 0 : (uint32_t)i->asker, .role = i->role,
	    .index = ipc_index(peer), .uid = i->uid, .account = pass.account,
	    .home = pass.home, .quota = pass.quota, .sock = pair[0]);
	IPC_SEND(peer, master_connected, .id = id, .ok = true, .sock = pair[1]);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

static void
asker_free(struct asker *a)
{
	TAILQ_REMOVE(&a->child->askers, a, link);
	TAILQ_REMOVE(&askers, a, all);
	admit_free(&a->admission);
	free(a);
}

/* Whom PEER may talk to. */
static bool
may_reach(const struct ipc *peer, enum role role)
{
	const struct child *c = ipc_data(peer);

	if (ipc_role(peer) == ROLE_CTL)
		return role < ROLE_CTL && role != ROLE_MASTER;
	if (ipc_role(peer) == ROLE_USER)
		return role < ROLE_COUNT && role_is(role, ROLE_FOR_USERS);
	return c != NULL && role < ROLE_COUNT && (c->reach & 1U << role) != 0;
}

/* Sessions go to these. */
static bool
needs_ticket(enum role role)
{
	return role < ROLE_COUNT && role_facts(role)->serves == SERVES_ACCOUNT;
}

/* The process that serves A, started if need be. */
static struct child *
find_for(const struct admission *a, const char **why)
{
	const struct slot_key key = { .role = a->role,
		.index = a->index,
		.uid = a->uid,
		.place = slice_str(a->place) };
	const bool alone =
	    isolation_of(&master.isolations, a->role) == ISOLATION_ACCOUNT;

	return child_find(&key, alone ? a->account : "", true, why);
}

/* Is one of PEER's introductions to C under way? */
static bool
is_under_way(const struct ipc *peer, const struct child *c)
{
	const struct intro *i;

	TAILQ_FOREACH(i, &c->intros, link)
	if (i->asker != 0 && i->asker == pid_of(peer))
		return true;
	return false;
}

/* A link asks once and waits for the answer; PEER asks for C again. */
static bool
asks_already(const struct ipc *peer, const struct child *c)
{
	const struct asker *a;

	TAILQ_FOREACH(a, &c->askers, link)
	if (a->peer == peer)
		return true;
	return false;
}

/* Users who have closed their side count as long as it is under way. */
static bool
has_room(const struct ipc *peer, const struct child *c)
{
	const struct intro *i;
	const struct asker *a;
	unsigned his = 0, all = 0;

	if (ipc_role(peer) != ROLE_USER)
		return true;
	TAILQ_FOREACH(i, &c->intros, link)
	if (i->role == ROLE_USER) {
		his += i->uid == ipc_uid(peer);
		all++;
	}
	TAILQ_FOREACH(a, &c->askers, link)
	if (ipc_role(a->peer) == ROLE_USER) {
		his += ipc_uid(a->peer) == ipc_uid(peer);
		all++;
	}
	return his < DOOR_USER && all < DOOR_USERS;
}

/* Connect PEER with C, now or when it is ready and PEER's last introduction to
 * it is over; takes *A (it may be NULL). */
static void
connect_to(struct ipc *peer, uint64_t id, struct child *c, struct admission **a)
{
	struct asker *asker;

	if (c->state == CHILD_READY && c->peer != NULL &&
	    !is_under_way(peer, c)) {
		introduce(peer, id, c, *a);
		admit_free(a);
		return;
	}
	asker = xcalloc(1, sizeof *asker);
	asker->child = c;
	asker->peer = peer;
	asker->id = id;
	asker->admission = *a;
	*a = NULL;
	TAILQ_INSERT_TAIL(&c->askers, asker, link);
	TAILQ_INSERT_TAIL(&askers, asker, all);
}

static void
connect_by_ticket(struct ipc *peer, const struct msg_master_connect *in)
{
	struct admission *a = NULL;
	const char *why = "the ticket does not count";
	struct child *c = NULL;

	if (ipc_role(peer) == ROLE_LOGIN)
		a = admit_take(in->ticket, ipc_index(peer), (enum role)in->role,
		    ev_now_ms());
	if (a == NULL)
		log_warn("broker.ticket-invalid",
		    kv_s("peer", role_name(ipc_role(peer))),
		    kv_u("index", ipc_index(peer)),
		    kv_s("wanted", role_name((enum role)in->role)));
	else
		c = find_for(a, &why);
	if (c == NULL)
		refuse(peer, in->id, why);
	else
		connect_to(peer, in->id, c, &a);
	admit_free(&a);
}

void
intro_on_connect(struct ipc *peer, struct msg *m)
{
	const struct msg_master_connect *in = &m->master_connect;
	const enum role role = (enum role)in->role;
	const struct slot_key key = {
		.role = role, .index = in->index, .uid = in->uid
	};
	struct admission *none = NULL;
	const char *why = "";
	struct child *c;

	if (!may_reach(peer, role)) {
		log_warn("broker.refused",
		    kv_s("peer", role_name(ipc_role(peer))),
		    kv_s("wanted", role_name(role)));
		refuse(peer, in->id, "not declared in reach");
		return;
	}
	if (needs_ticket(role)) {
		connect_by_ticket(peer, in);
		return;
	}
	c = child_find(&key, "", true, &why);
	if (c == NULL)
		refuse(peer, in->id, why);
	else if (asks_already(peer, c))
		refuse(peer, in->id, "asked already");
	else if (!has_room(peer, c))
		refuse(peer, in->id, "too many at once");
	else
		connect_to(peer, in->id, c, &none);
}

/* What auth says to *A, which borrows it; false when it cannot be. */
static bool
admission_of(const struct msg_master_admit *in, struct admission *a)
{
	const enum isolation isolation = (enum isolation)isolation_of(
	    &master.isolations, (enum role)in->role);
	const struct slice place = place_of(in->home, isolation);

	*a = (struct admission){ .role = (enum role)in->role,
		.login = in->login,
		.uid = in->uid,
		.quota = in->quota };
	if (!needs_ticket(a->role) || in->ticket.n != sizeof a->ticket ||
	    !place_ok(in->home) || child_count(a->role) == 0)
		return false;
	memcpy(a->ticket, in->ticket.p, sizeof a->ticket);
	if (place.n == 0)
		a->index = (unsigned)(map_hash_fixed(in->account) %
				      child_count(a->role));
	a->account = xslicedup(in->account);
	a->home = xslicedup(in->home);
	a->place = xslicedup(place);
	return true;
}

/* The process is started at once, while auth still tells login. */
void
intro_on_admit(struct ipc *peer, struct msg *m)
{
	const struct msg_master_admit *in = &m->master_admit;
	const char *why = "this account has no directory that could be its own";
	struct admission a;
	bool ok = false;

	if (admission_of(in, &a)) {
		ok = find_for(&a, &why) != NULL;
		if (ok)
			admit_put(&a, ev_now_ms());
		free(a.account);
		free(a.home);
		free(a.place);
	}
	IPC_SEND(peer, master_admitted, .id = in->id, .ok = ok,
	    .why = slice_str(ok ? "" : why));
}

/* The process of ROLE that has the sessions of an account, if it runs. */
static void
tell_changed(enum role role, uid_t uid, const struct msg_master_changed *in)
{
	struct slot_key key = { .role = role, .uid = uid };
	const struct child *c;
	const char *why;

	key.place = place_of(
	    in->home, (enum isolation)isolation_of(&master.isolations, role));
	if (key.place.n == 0)
		key.index = (unsigned)map_hash_fixed(in->account);
	c = child_find(&key, "", false, &why);
	if (c != NULL && c->state == CHILD_READY && c->peer != NULL)
		IPC_SEND(c->peer, store_changed, .home = in->home);
}

/* From who delivers or removes mail: only of its own uid, and of its place. */
void
intro_on_changed(struct ipc *peer, struct msg *m)
{
	const struct msg_master_changed *in = &m->master_changed;
	const struct child *from = ipc_data(peer);
	struct slice rest;

	if (from == NULL || !place_ok(in->home) ||
	    !place_rest(slice_str(from->place), in->home, &rest))
		return;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (msg_may_receive((enum role)r, MSG_store_changed))
			tell_changed((enum role)r, from->uid, in);
}

void
intro_ready(struct child *c)
{
	struct asker *a, *tmp;

	TAILQ_FOREACH_SAFE(a, &c->askers, link, tmp)
	{
		if (is_under_way(a->peer, c))
			continue;
		introduce(a->peer, a->id, c, a->admission);
		asker_free(a);
	}
}

void
intro_on_met(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);
	struct intro *i;

	if (c == NULL)
		return;
	TAILQ_FOREACH(i, &c->intros, link)
	if (i->number == m->master_met.intro) {
		TAILQ_REMOVE(&c->intros, i, link);
		free(i);
		if (c->state == CHILD_READY && c->peer != NULL)
			intro_ready(c);
		return;
	}
}

void
intro_end(struct child *c)
{
	struct intro *i;

	while ((i = TAILQ_FIRST(&c->intros)) != NULL) {
		TAILQ_REMOVE(&c->intros, i, link);
		free(i);
	}
}

void
intro_fail(struct child *c, const char *why)
{
	struct asker *a;

	while ((a = TAILQ_FIRST(&c->askers)) != NULL) {
		refuse(a->peer, a->id, why);
		asker_free(a);
	}
}

void
intro_forget(const struct ipc *peer)
{
	struct asker *a, *tmp;

	TAILQ_FOREACH_SAFE(a, &askers, all, tmp)
	if (a->peer == peer)
		asker_free(a);
}
