/* SPDX-License-Identifier: ISC */
#include "master/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "log/log.h"
#include "master/child.h"
#include "master/listen.h"
#include "master/master.h"
#include "master/reload.h"
#include "master/stop.h"
#include "sys/fd.h"

enum { MAX_CALLERS = 64, STAT_TIMEOUT_MS = 2000 };

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

static void
on_status(struct ipc *peer, uint64_t id)
{
	struct buf text = { .max = MSG_MAX_BYTES - 64 };
	const struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	buf_addf(&text,
	    "service=%s daemon=%s index=%u uid=%u pid=%d state=%s "
	    "seconds=%lld restarts=%u\n",
	    c->service, c->daemon, c->index, (unsigned)c->uid, (int)c->pid,
	    state_word(c), (long long)(ev_now_ms() - c->since_ms) / 1000,
	    c->restarts);
	answer(peer, id, child_all_ready(), buf_slice(&text));
	buf_fini(&text);
}

/* ---- metrics: one call to each process, answers passed on as they come ----
 */

struct gather;

struct sample {
	struct ipc_call call;
	struct gather *gather;
};

struct gather {
	TAILQ_ENTRY(gather) link;
	struct ipc *peer; /* NULL: it has gone */
	uint64_t id;
	size_t open;
	struct sample samples[];
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
	struct gather *g = OUTER(call, struct sample, call)->gather;

	if (m != NULL && g->peer != NULL)
		IPC_SEND(g->peer, master_controlled, .id = g->id, .ok = true,
		    .more = true, .text = m->master_stats.text);
	if (--g->open == 0)
		gather_end(g);
}

static void
on_metrics(struct ipc *peer, uint64_t id)
{
	struct child *c;
	struct gather *g;
	size_t n = 0;

	TAILQ_FOREACH(c, &master_children, link)
	n++;
	g = xcalloc(1, sizeof *g + n * sizeof g->samples[0]);
	g->peer = peer;
	g->id = id;
	TAILQ_INSERT_TAIL(&gathers, g, link);
	TAILQ_FOREACH(c, &master_children, link)
	{
		struct sample *s = &g->samples[g->open];

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

void
control_forget(const struct ipc *peer)
{
	struct gather *g;

	TAILQ_FOREACH(g, &gathers, link)
	if (g->peer == peer)
		g->peer = NULL;
}

/* ---- verbs ---- */

static void
on_reload(struct ipc *peer, uint64_t id)
{
	struct buf why = { .max = MSG_MAX_BYTES - 64 };
	const bool ok = master_reload(&why) == 0;

	answer(peer, id, ok, buf_slice(&why));
	buf_fini(&why);
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
	{ "reload", on_reload },
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

/* ---- the door ---- */

static void
on_caller(struct ev_io *io, unsigned events)
{
	struct ucred who;
	socklen_t len = sizeof who;
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	enum role role = ROLE_USER;

	(void)events;
	if (fd == -1)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1 ||
	    ipc_peers() > MAX_CALLERS + 4096) {
		fd_close(&fd);
		return;
	}
	if (who.uid == 0 || who.uid == geteuid())
		role = ROLE_CTL;
	(void)ipc_accept(fd, role, 0, who.uid);
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
