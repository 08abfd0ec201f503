/* SPDX-License-Identifier: ISC */
#include "master/intro.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <bsd/sys/queue.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ipc/door.h"
#include "ipc/pass.h"
#include "ipc/role.h"
#include "master/admit.h"
#include "master/child.h"
#include "master/idle.h"
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

/* A channel that a ticket opened is one of many: the others stay.  False: C's
 * process has ended, which is not known yet, and PEER waits for the next. */
static bool
introduce(
    struct ipc *peer, uint64_t id, struct child *c, const struct admission *a)
{
	static uint64_t last;
	const struct ipc_pass pass = pass_of(peer, a);
	struct intro *i;
	int pair[2];
	bool met;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1) {
		intro_refuse(peer, id, strerrordesc_np(errno));
		return true;
	}
	idle_wanted(c);
	i = xcalloc(1, sizeof *i);
	*i = (struct intro){ .number = ++last,
		.asker = pid_of(peer),
		.role = ipc_role(peer),
		.uid = ipc_uid(peer) };
	TAILQ_INSERT_TAIL(&c->intros, i, link);
	met = IPC_SEND(c->peer, master_peer, .intro = i->number,
		  .asker = a != NULL ? 0 : (uint32_t)i->asker, .role = i->role,
		  .index = ipc_index(peer), .uid = i->uid,
		  .account = pass.account, .home = pass.home,
		  .quota = pass.quota, .sock = pair[0]) ||
	      !ipc_is_broken(c->peer);
	if (met)
		IPC_SEND(peer, master_connected, .id = id, .ok = true,
		    .sock = pair[1]);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	return met;
}

static void
asker_free(struct asker *a)
{
	TAILQ_REMOVE(&a->child->askers, a, link);
	TAILQ_REMOVE(&askers, a, all);
	admit_free(&a->admission);
	free(a);
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

void
intro_refuse(struct ipc *peer, uint64_t id, const char *why)
{
	IPC_SEND(peer, master_connected, .id = id, .ok = false,
	    .why = slice_str(why), .sock = -1);
}

const char *
intro_why_not(const struct ipc *peer, const struct child *c)
{
	if (asks_already(peer, c))
		return "asked already";
	return has_room(peer, c) ? NULL : "too many at once";
}

void
intro_begin(
    struct ipc *peer, uint64_t id, struct child *c, struct admission **a)
{
	struct asker *asker;

	if (c->state == CHILD_READY && c->peer != NULL &&
	    !is_under_way(peer, c) && introduce(peer, id, c, *a)) {
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
intro_ready(struct child *c)
{
	struct asker *a, *tmp;

	TAILQ_FOREACH_SAFE(a, &c->askers, link, tmp)
	{
		if (!is_under_way(a->peer, c) &&
		    introduce(a->peer, a->id, c, a->admission))
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
		intro_refuse(a->peer, a->id, why);
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
