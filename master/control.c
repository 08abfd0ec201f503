/* SPDX-License-Identifier: ISC */
#include "master/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/confset.h"
#include "ipc/admit.h"
#include "ipc/setup.h"
#include "master/child_control.h"
#include "master/listen.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/parked.h"
#include "master/reload.h"
#include "master/slots.h"
#include "master/stop.h"
#include "sys/fd.h"

enum {
	CALLERS_A_TURN = 64,
	STAT_TIMEOUT_MS = 2000,
	STATUS_PART_BYTES = 32 << 10,
};

static struct ev_io listener;

static void
answer(struct ipc *peer, uint64_t id, bool ok, struct slice text)
{
	IPC_SEND(peer, master_controlled, .id = id, .ok = ok, .more = false,
	    .text = text);
}

/* ---- status ---- */

static const char *
state_word(const struct child *c)
{
	static const char *const words[] = { "waiting", "starting", "ready",
		"stopping" };

	return words[c->state];
}

/* Whom C is there for; WORD is room for it. */
static const char *
whom(const struct child *c, char word[32])
{
	if (c->nursery)
		return "(nursery)";
	if (c->role == ROLE_PARKING) {
		snprintf(word, 32, "(%u-parked)", parked_total());
		return word;
	}
	return c->place[0] != '\0' ? c->place : "-";
}

static void
on_status(struct ipc *peer, uint64_t id)
{
	struct buf text = { .max = MSG_MAX_BYTES - 64 };
	const struct child *c;
	char word[32];

	TAILQ_FOREACH(c, &master_children, link)
	{
		if (text.n > STATUS_PART_BYTES) {
			IPC_SEND(peer, master_controlled, .id = id, .ok = true,
			    .more = true, .text = buf_slice(&text));
			buf_reset(&text);
		}
		buf_addf(&text,
		    "service=%s daemon=%s index=%u uid=%u pid=%d state=%s "
		    "seconds=%lld restarts=%u for=%s\n",
		    c->service, c->daemon, c->index, (unsigned)c->uid,
		    (int)c->pid, state_word(c),
		    (long long)(ev_now_ms() - c->since_ms) / 1000, c->restarts,
		    whom(c, word));
	}
	answer(
	    peer, id, child_all_ready() && !master.stopping, buf_slice(&text));
	buf_fini(&text);
}

/* ---- metrics: one call to each process, answers passed on as they come ----
 */

struct gather;

struct control_sample {
	struct ipc_call call;
	struct gather *gather;
};

struct gather {
	TAILQ_ENTRY(gather) link;
	struct ipc *peer; /* NULL: it has gone */
	uint64_t id;
	size_t open;
	struct control_sample samples[];
};

static TAILQ_HEAD(, gather) gathers = TAILQ_HEAD_INITIALIZER(gathers);

static void
gather_end(struct gather *g)
{
	if (g->peer != NULL)
		answer(g->peer, g->id, true, SLICE(""));
	TAILQ_REMOVE(&gathers, g, link);
	free(g);
}

static void
on_stats(struct ipc_call *call, struct msg *m)
{
	struct gather *g = OUTER(call, struct control_sample, call)->gather;

	if (m != NULL && g->peer != NULL)
		IPC_SEND(g->peer, master_controlled, .id = g->id, .ok = true,
		    .more = true, .text = m->master_stats.text);
	if (--g->open == 0)
		gather_end(g);
}

static struct gather *
gather_begin(struct ipc *peer, uint64_t id, size_t most)
{
	struct gather *g = xcalloc(1, sizeof *g + most * sizeof g->samples[0]);

	g->peer = peer;
	g->id = id;
	TAILQ_INSERT_TAIL(&gathers, g, link);
	return g;
}

static void
on_metrics(struct ipc *peer, uint64_t id)
{
	struct child *c;
	struct gather *g;
	size_t n = 0;

	TAILQ_FOREACH(c, &master_children, link)
	n++;
	g = gather_begin(peer, id, n);
	TAILQ_FOREACH(c, &master_children, link)
	{
		struct control_sample *s = &g->samples[g->open];

		if (c->state != CHILD_READY || c->peer == NULL)
			continue;
		s->gather = g;
		g->open++;
		IPC_CALL(c->peer, &s->call, master_stats, on_stats,
		    STAT_TIMEOUT_MS, master_stat, .id = 0);
	}
	if (g->open == 0)
		gather_end(g);
}

/* ---- the log: answered when it holds what was logged up to now ---- */

static void
on_synced(struct ipc_call *call, struct msg *m)
{
	(void)m;
	gather_end(OUTER(call, struct control_sample, call)->gather);
}

static void
on_log(struct ipc *peer, uint64_t id)
{
	struct gather *g = gather_begin(peer, id, 1);

	g->samples[0].gather = g;
	if (!logpipe_sync(&g->samples[0].call, on_synced, STAT_TIMEOUT_MS))
		gather_end(g);
}

void
control_forget(const struct ipc *peer)
{
	struct gather *g;

	reload_forget(peer);
	TAILQ_FOREACH(g, &gathers, link)
	if (g->peer == peer)
		g->peer = NULL;
}

/* ---- verbs ---- */

static void
on_check(struct ipc *peer, uint64_t id)
{
	reload_request(peer, id, false);
}

static void
on_reload(struct ipc *peer, uint64_t id)
{
	reload_request(peer, id, true);
}

/* What the state of the services does not say. */
static void
on_source(struct ipc *peer, uint64_t id)
{
	struct buf text = { .max = 64 };

	buf_addf(&text, "stopping=%d last-good=%lld\n", master.stopping,
	    master.last_good ? (long long)master.files->since_s : 0LL);
	answer(peer, id, true, buf_slice(&text));
	buf_fini(&text);
}

static void
on_stop(struct ipc *peer, uint64_t id)
{
	answer(peer, id, true, SLICE(""));
	master_stop(0);
}

static const struct {
	const char *verb;
	void (*run)(struct ipc *peer, uint64_t id);
} verbs[] = {
	{ "status", on_status },
	{ "metrics", on_metrics },
	{ "log", on_log },
	{ "check", on_check },
	{ "reload", on_reload },
	{ "source", on_source },
	{ "stop", on_stop },
};

void
control_on_verb(struct ipc *peer, struct msg *m)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_is(m->master_control.verb, verbs[i].verb)) {
			verbs[i].run(peer, m->id);
			return;
		}
	answer(peer, m->id, false, SLICE("no such verb"));
}

/* ---- who comes in ---- */

/* False when nobody waits. */
static bool
admit_one(int listen_fd)
{
	struct ucred who;
	socklen_t len = sizeof who;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	bool admin;

	if (fd == -1)
		return errno == ECONNABORTED || errno == EINTR;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1) {
		fd_close(&fd);
		return true;
	}
	admin = who.uid == 0 || who.uid == geteuid();
	if (admin || ipc_admits_user(who.uid))
		(void)ipc_accept(fd, admin ? ROLE_CTL : ROLE_USER, 0, who.uid);
	else
		fd_close(&fd);
	return true;
}

/* Administrators are always let in; of others a few, who cannot keep them
 * waiting for long, either. */
static void
on_caller(struct ev_io *io, unsigned events)
{
	(void)events;
	for (int i = 0; i < CALLERS_A_TURN && admit_one(io->fd); i++)
		continue;
}

int
control_open(struct err *err)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof path, "%s/master.sock", master.run_dir);
	fd = master_listen_unix(path, 0666, SOCK_SEQPACKET, err);
	if (fd == -1)
		return -1;
	ev_io_init(&listener, fd, on_caller);
	ev_io_set(&listener, EV_READ);
	return 0;
}
