/* SPDX-License-Identifier: ISC */
#include "script/process.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/channel.h"
#include "ipc/frame.h"
#include "ipc/ipc.h"
#include "ipc/sieve.h"
#include "sys/fd.h"

enum {
	IDLE_MS = 100,  /* then it is ended */
	HURRY_MS = 100, /* then who waits for it gets another */
	KEPT_MAX = 16,  /* where there are so many, idle ones make room */
};

struct script_process {
	TAILQ_ENTRY(script_process) link;
	char *owner;
	struct ipc_call open;
	struct channel channel;
	struct process_user *user; /* whose turn it is, or NULL */
	TAILQ_HEAD(, process_user) line;
	uint64_t given, most;
	bool charsets;
	int64_t begun_ms;
	struct ev_timer timer; /* IDLE_MS or HURRY_MS */
	struct ev_task turn;
	bool slow; /* whoever has it now takes long */
	bool ending;
	bool crashed; /* sieverun has said so */
};

static TAILQ_HEAD(, script_process) all = TAILQ_HEAD_INITIALIZER(all);
static unsigned count;

static bool
is_idle(const struct script_process *p)
{
	return p->user == NULL && TAILQ_EMPTY(&p->line) && !p->ending;
}

/* Whose turn it is, and whose ended; on_turn does the rest. */
static void
end(struct script_process *p)
{
	p->ending = true;
	if (channel_is_open(&p->channel))
		channel_close(&p->channel);
	ev_task_queue(&p->turn);
}

/* ---- what comes from it ---- */

static void
on_ended(struct ipc_call *call, struct msg *m)
{
	struct script_process *p = OUTER(call, struct script_process, open);

	p->crashed = m != NULL && m->sieve_ended.crashed;
	/* What it has said before is read, and then its end. */
	if (m == NULL || !channel_is_open(&p->channel))
		end(p);
}

static bool
on_frame(struct channel *c, struct slice frame, int fd)
{
	struct script_process *p = OUTER(c, struct script_process, channel);

	if (p->user != NULL)
		return p->user->frame(p->user, frame, fd);
	fd_close(&fd);
	return false;
}

static void
on_gone(struct channel *c, const char *why)
{
	(void)why;
	end(OUTER(c, struct script_process, channel));
}

static const struct channel_handler handler = { on_frame, on_gone };

/* ---- turns ---- */

static void
give(struct script_process *p, struct process_user *u)
{
	p->user = u;
	p->slow = false;
	u->process = p;
	u->used = p->given++ > 0;
	ev_timer_stop(&p->timer);
	if (!TAILQ_EMPTY(&p->line))
		ev_timer_set(&p->timer, HURRY_MS);
	u->begin(u);
}

static void
line_up(struct script_process *p, struct process_user *u)
{
	u->process = p;
	TAILQ_INSERT_TAIL(&p->line, u, link);
	if (!ev_timer_running(&p->timer))
		ev_timer_set(&p->timer, HURRY_MS);
}

/* Who waits for P goes elsewhere. */
static void
move_line(struct script_process *p)
{
	struct process_user *u;

	while ((u = TAILQ_FIRST(&p->line)) != NULL) {
		TAILQ_REMOVE(&p->line, u, link);
		u->process = NULL;
		if (!process_get(u, slice_str(p->owner), p->most))
			u->gone(u, false);
	}
}

static void
process_free(struct script_process *p)
{
	TAILQ_REMOVE(&all, p, link);
	count--;
	ipc_cancel(&p->open);
	ev_timer_stop(&p->timer);
	ev_task_cancel(&p->turn);
	free(p->owner);
	free(p);
}

static void
on_end(struct script_process *p)
{
	struct process_user *u = p->user;
	const bool crashed = p->crashed;

	move_line(p);
	/* How it ended sieverun says. */
	if (u != NULL && ipc_calling(&p->open))
		return;
	p->user = NULL;
	process_free(p);
	if (u != NULL) {
		u->process = NULL;
		u->gone(u, crashed);
	}
}

static void
on_turn(struct ev_task *task)
{
	struct script_process *p = OUTER(task, struct script_process, turn);
	struct process_user *u = TAILQ_FIRST(&p->line);

	if (p->ending) {
		on_end(p);
	} else if (p->user == NULL && u != NULL) {
		TAILQ_REMOVE(&p->line, u, link);
		give(p, u);
	} else if (p->user == NULL) {
		ev_timer_set(&p->timer, IDLE_MS);
	}
}

static void
on_timer(struct ev_timer *t)
{
	struct script_process *p = OUTER(t, struct script_process, timer);

	if (is_idle(p)) {
		end(p);
	} else if (!p->ending) {
		p->slow = true;
		move_line(p);
	}
}

/* ---- which one ---- */

/* It has had enough, or been there long enough. */
static bool
is_spent(const struct script_process *p)
{
	return p->given >= p->most ||
	       ev_now_ms() - p->begun_ms >= SIEVE_PROCESS_MS;
}

static struct script_process *
find(struct slice owner, bool charsets)
{
	struct script_process *p, *busy = NULL;

	TAILQ_FOREACH(p, &all, link)
	{
		if (p->ending || p->slow || p->most == 1 || is_spent(p) ||
		    (charsets && !p->charsets) || !slice_is(owner, p->owner))
			continue;
		if (is_idle(p))
			return p;
		busy = p;
	}
	return busy;
}

static void
make_room(void)
{
	struct script_process *p;

	TAILQ_FOREACH(p, &all, link)
	if (is_idle(p)) {
		end(p);
		return;
	}
}

/* The one that has charsets is the slower one. */
static struct ipc *
next_daemon(bool charsets)
{
	static unsigned next;
	const unsigned n = ipc_count(ROLE_SIEVERUN);

	if (charsets || n < 2)
		return ipc_link(ROLE_SIEVERUN, SIEVE_CHARSETS_INDEX, 0);
	return ipc_link(ROLE_SIEVERUN,
	    (SIEVE_CHARSETS_INDEX + 1 + next++ % (n - 1)) % n, 0);
}

static struct script_process *
begin(struct slice owner, uint64_t most, bool charsets)
{
	struct script_process *p;
	int pair[2];

	if (count >= KEPT_MAX)
		make_room();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->owner = xslicedup(owner);
	p->most = most;
	p->charsets = charsets;
	p->begun_ms = ev_now_ms();
	TAILQ_INIT(&p->line);
	ev_timer_init(&p->timer, on_timer);
	ev_task_init(&p->turn, on_turn);
	channel_init(&p->channel, &handler);
	channel_open(&p->channel, pair[0]);
	TAILQ_INSERT_TAIL(&all, p, link);
	count++;
	IPC_CALL(next_daemon(charsets), &p->open, sieve_ended, on_ended, 0,
	    sieve_open, .charsets = charsets, .channel = pair[1]);
	fd_close(&pair[1]);
	return p;
}

bool
process_get(struct process_user *u, struct slice owner, uint64_t most)
{
	struct script_process *p = most > 1 ? find(owner, u->charsets) : NULL;

	if (p != NULL && !is_idle(p)) {
		line_up(p, u);
		return true;
	}
	if (p == NULL)
		p = begin(owner, most, u->charsets);
	if (p != NULL)
		give(p, u);
	return p != NULL;
}

bool
process_say(struct process_user *u, const struct msg *m)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	struct script_process *p = u->process;
	int fd = -1;
	const bool ok = p != NULL && p->user == u && msg_put(m, &frame, &fd) &&
			channel_send(&p->channel, buf_slice(&frame), fd);

	buf_fini(&frame);
	return ok;
}

void
process_leave(struct process_user *u, bool more)
{
	struct script_process *p = u->process;

	if (p == NULL)
		return;
	u->process = NULL;
	if (p->user != u) {
		TAILQ_REMOVE(&p->line, u, link);
		return;
	}
	p->user = NULL;
	if (more && !p->ending && !is_spent(p))
		ev_task_queue(&p->turn);
	else
		end(p);
}
