/* SPDX-License-Identifier: ISC */
#include "master/intro.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "log/log.h"
#include "sys/fd.h"

struct asker {
	TAILQ_ENTRY(asker) link;
	struct ipc *peer;
	uint64_t id;
	enum role role;
	unsigned index;
	uid_t uid;
};

static TAILQ_HEAD(, asker) askers = TAILQ_HEAD_INITIALIZER(askers);

static void
refuse(struct ipc *peer, uint64_t id, const char *why)
{
	IPC_SEND(peer, master_connected, .id = id, .ok = false,
	    .why = slice_str(why), .sock = -1);
}

static void
introduce(struct ipc *peer, uint64_t id, const struct child *c)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1) {
		refuse(peer, id, strerrordesc_np(errno));
		return;
	}
	IPC_SEND(c->peer, master_peer, .role = ipc_role(peer),
	    .index = ipc_index(peer), .uid = ipc_uid(peer), .sock = pair[0]);
	IPC_SEND(peer, master_connected, .id = id, .ok = true, .sock = pair[1]);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* Whom PEER may talk to. */
static bool
may_reach(const struct ipc *peer, enum role role)
{
	const struct child *c = ipc_data(peer);

	if (ipc_role(peer) == ROLE_CTL)
		return role < ROLE_CTL && role != ROLE_MASTER;
	if (ipc_role(peer) == ROLE_USER)
		return role == ROLE_QMGR;
	return c != NULL && role < ROLE_COUNT && (c->reach & 1U << role) != 0;
}

void
intro_on_connect(struct ipc *peer, struct msg *m)
{
	const struct msg_master_connect *in = &m->master_connect;
	const enum role role = (enum role)in->role;
	const char *why = "";
	struct child *c;
	struct asker *a;

	if (!may_reach(peer, role)) {
		log_warn("intro.refused",
		    kv_s("from", role_name(ipc_role(peer))),
		    kv_s("to", role_name(role)));
		refuse(peer, in->id, "not declared in reach");
		return;
	}
	c = child_find(role, in->index, in->uid, in->spawn, &why);
	if (c != NULL && c->state == CHILD_READY && c->peer != NULL) {
		introduce(peer, in->id, c);
		return;
	}
	if (c == NULL || !in->spawn) {
		refuse(peer, in->id, c == NULL ? why : "not running");
		return;
	}
	a = xcalloc(1, sizeof *a);
	*a = (struct asker){ .peer = peer,
		.id = in->id,
		.role = role,
		.index = c->index,
		.uid = c->uid };
	TAILQ_INSERT_TAIL(&askers, a, link);
}

void
intro_ready(struct child *c)
{
	struct asker *a, *tmp;

	TAILQ_FOREACH_SAFE(a, &askers, link, tmp)
	{
		if (a->role != c->role || a->index != c->index ||
		    a->uid != c->uid)
			continue;
		TAILQ_REMOVE(&askers, a, link);
		introduce(a->peer, a->id, c);
		free(a);
	}
}

void
intro_forget(const struct ipc *peer)
{
	struct asker *a, *tmp;

	TAILQ_FOREACH_SAFE(a, &askers, link, tmp)
	{
		if (a->peer != peer)
			continue;
		TAILQ_REMOVE(&askers, a, link);
		free(a);
	}
}
