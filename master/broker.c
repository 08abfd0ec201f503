/* SPDX-License-Identifier: ISC */
#include "master/broker.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <bsd/sys/queue.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ipc/admit.h"
#include "ipc/pass.h"
#include "ipc/role.h"
#include "master/admit.h"
#include "master/child.h"
#include "master/idle.h"
#include "master/parked.h"
#include "master/slots.h"
#include "sys/fd.h"

/* Somebody who waits for a process that is not ready, or for the end of his
 * connection to it that is being made. */
struct asker {
	TAILQ_ENTRY(asker) link; /* among those of its child */
	TAILQ_ENTRY(asker) all;
	struct child *child;
	struct ipc *peer;
	uint64_t id;
	struct admission *admission; /* what it comes with; NULL: nothing */
};

/* A connection that its target has not acknowledged yet. */
struct connection {
	TAILQ_ENTRY(connection) link; /* among those to its target */
	uint64_t number;
	pid_t asker; /* 0: a caller of ROLE */
	enum role role;
	uid_t uid;
};

static TAILQ_HEAD(, asker) askers = TAILQ_HEAD_INITIALIZER(askers);

/* Those of A's client that wait while it gets one more session of C. */
static uint32_t
parked_beside(const struct child *c, const struct admission *a)
{
	char room[SLOT_KEY_BYTES];

	if (c->role != ROLE_IMAPD || a->address == NULL)
		return 0;
	return parked_count(slots_bytes_of(c, room), slice_str(a->account),
	    slice_str(a->address));
}

/* Whom a channel from PEER to TO is for: the account that logged in through it,
 * or the one that PEER's process is for. */
static struct ipc_pass
pass_of(
    const struct ipc *peer, const struct child *to, const struct admission *a)
{
	const struct child *c = ipc_data(peer);
	struct ipc_pass pass = { .quota = 0 };

	if (a != NULL)
		return (struct ipc_pass){ slice_str(a->account),
			slice_str(a->home), a->quota.bytes, a->quota.messages,
			parked_beside(to, a), slice_str(a->guest),
			slice_str(a->groups) };
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

/* A channel that a ticket opened is one of many: the others stay.  False: C's
 * process has ended, which is not known yet, and PEER waits for the next. */
static bool
make_connection(
    struct ipc *peer, uint64_t id, struct child *c, const struct admission *a)
{
	static uint64_t last;
	const struct ipc_pass pass = pass_of(peer, c, a);
	struct connection *n;
	int pair[2];
	bool sent;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1) {
		broker_refuse(peer, id, strerrordesc_np(errno));
		return true;
	}
	idle_wanted(c);
	n = xcalloc(1, sizeof *n);
	*n = (struct connection){ .number = ++last,
		.asker = pid_of(peer),
		.role = ipc_role(peer),
		.uid = ipc_uid(peer) };
	TAILQ_INSERT_TAIL(&c->unacked, n, link);
	sent =
	    IPC_SEND(c->peer, master_peer, .connection = n->number,
		.asker = a != NULL ? 0 : (uint32_t)n->asker, .role = n->role,
		.index = ipc_index(peer), .uid = n->uid,
		.account = pass.account, .home = pass.home, .quota = pass.quota,
		.quota_messages = pass.quota_messages, .parked = pass.parked,
		.guest = pass.guest, .groups = pass.groups, .sock = pair[0]) ||
	    !ipc_is_broken(c->peer);
	if (sent)
		IPC_SEND(peer, master_connected, .id = id, .ok = true,
		    .sock = pair[1]);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	return sent;
}

static void
asker_free(struct asker *a)
{
	TAILQ_REMOVE(&a->child->askers, a, link);
	TAILQ_REMOVE(&askers, a, all);
	admit_free(&a->admission);
	free(a);
}

/* Is a connection of PEER to C being made? */
static bool
is_under_way(const struct ipc *peer, const struct child *c)
{
	const struct connection *n;

	TAILQ_FOREACH(n, &c->unacked, link)
	if (n->asker != 0 && n->asker == pid_of(peer))
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
	const struct connection *n;
	const struct asker *a;
	unsigned his = 0, all = 0;

	if (ipc_role(peer) != ROLE_USER)
		return true;
	TAILQ_FOREACH(n, &c->unacked, link)
	if (n->role == ROLE_USER) {
		his += n->uid == ipc_uid(peer);
		all++;
	}
	TAILQ_FOREACH(a, &c->askers, link)
	if (ipc_role(a->peer) == ROLE_USER) {
		his += ipc_uid(a->peer) == ipc_uid(peer);
		all++;
	}
	return his < IPC_CHANNELS_OF_UID && all < IPC_CHANNELS_OF_USERS;
}

void
broker_refuse(struct ipc *peer, uint64_t id, const char *why)
{
	IPC_SEND(peer, master_connected, .id = id, .ok = false,
	    .why = slice_str(why), .sock = -1);
}

const char *
broker_why_not(const struct ipc *peer, const struct child *c)
{
	if (asks_already(peer, c))
		return "asked already";
	return has_room(peer, c) ? NULL : "too many at once";
}

void
broker_connect(
    struct ipc *peer, uint64_t id, struct child *c, struct admission **a)
{
	struct asker *asker;

	if (c->state == CHILD_READY && c->peer != NULL &&
	    !is_under_way(peer, c) && make_connection(peer, id, c, *a)) {
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

void
broker_ready(struct child *c)
{
	struct asker *a, *tmp;

	TAILQ_FOREACH_SAFE(a, &c->askers, link, tmp)
	{
		if (!is_under_way(a->peer, c) &&
		    make_connection(a->peer, a->id, c, a->admission))
			asker_free(a);
	}
}

void
broker_on_acked(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);
	struct connection *n;

	if (c == NULL)
		return;
	TAILQ_FOREACH(n, &c->unacked, link)
	if (n->number == m->master_acked.connection) {
		TAILQ_REMOVE(&c->unacked, n, link);
		free(n);
		if (c->state == CHILD_READY && c->peer != NULL)
			broker_ready(c);
		return;
	}
}

void
broker_ended(struct child *c)
{
	struct connection *n;

	while ((n = TAILQ_FIRST(&c->unacked)) != NULL) {
		TAILQ_REMOVE(&c->unacked, n, link);
		free(n);
	}
}

void
broker_fail(struct child *c, const char *why)
{
	struct asker *a;

	while ((a = TAILQ_FIRST(&c->askers)) != NULL) {
		broker_refuse(a->peer, a->id, why);
		asker_free(a);
	}
}

void
broker_forget(const struct ipc *peer)
{
	struct asker *a, *tmp;

	TAILQ_FOREACH_SAFE(a, &askers, all, tmp)
	if (a->peer == peer)
		asker_free(a);
}
