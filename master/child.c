/* SPDX-License-Identifier: ISC */
#include "master/child.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "log/log.h"
#include "master/config.h"
#include "master/intro.h"
#include "master/listen.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/size.h"
#include "sys/fd.h"
#include "sys/spawn.h"

enum {
	FIRST_UID = 500,      /* lower ones are the system's own */
	DELAY_MAX_MS = 60000, /* between two starts */
	STEADY_MS = 30000,    /* ready for that long: the delay starts anew */
	KILL_AFTER_MS = 5000, /* SIGTERM to SIGKILL */
};

struct child_list master_children = TAILQ_HEAD_INITIALIZER(master_children);

static void start(struct child *c);

bool
child_serves_uid(enum role role)
{
	return role == ROLE_LOCAL || role == ROLE_PIPE || role == ROLE_IMAPD ||
	       role == ROLE_POP3D;
}

static void
enter(struct child *c, enum child_state state)
{
	c->state = state;
	c->since_ms = ev_now_ms();
}

static void
slot_free(struct child *c)
{
	ev_timer_stop(&c->timer);
	TAILQ_REMOVE(&master_children, c, link);
	free(c);
}

/* ---- ending ---- */

static void
on_kill_time(struct ev_timer *t)
{
	struct child *c = OUTER(t, struct child, timer);

	if (c->pid <= 0)
		return;
	(void)kill(c->pid, c->killed ? SIGKILL : SIGTERM);
	c->killed = true;
	ev_timer_set(t, KILL_AFTER_MS);
}

static void
stop(struct child *c, bool retire)
{
	const int64_t limit = master.conf->stop_timeout;

	c->retired |= retire;
	if (c->state == CHILD_STOPPING)
		return;
	if (c->pid <= 0) {
		if (c->retired)
			slot_free(c);
		return;
	}
	enter(c, CHILD_STOPPING);
	if (c->peer == NULL ||
	    !IPC_SEND(c->peer, master_stop, .deadline_ms = (uint32_t)limit))
		(void)kill(c->pid, SIGTERM);
	c->timer.on_time = on_kill_time;
	ev_timer_set(&c->timer, limit + 1000);
}

static void
on_restart_time(struct ev_timer *t)
{
	start(OUTER(t, struct child, timer));
}

/* Its process has ended: start another after a delay, or forget the slot. */
static void
ended(struct child *c)
{
	const bool asked = c->state == CHILD_STOPPING;
	const bool steady =
	    c->state == CHILD_READY && ev_now_ms() - c->since_ms >= STEADY_MS;

	c->pid = 0;
	if (c->peer != NULL)
		ipc_drop(c->peer, NULL);
	ev_timer_stop(&c->timer);
	if (c->retired || master.stopping) {
		slot_free(c);
		return;
	}
	/* The first restart is at once: a crash costs its own sessions only. */
	if (asked || steady)
		c->delay_ms = 0;
	enter(c, CHILD_WAITING);
	c->restarts += !asked;
	c->timer.on_time = on_restart_time;
	ev_timer_set(&c->timer, c->delay_ms);
	c->delay_ms =
	    c->delay_ms == 0 ? master.conf->restart_delay : c->delay_ms * 2;
	if (c->delay_ms > DELAY_MAX_MS)
		c->delay_ms = DELAY_MAX_MS;
}

/* ---- starting ---- */

static void
on_start_timeout(struct ev_timer *t)
{
	struct child *c = OUTER(t, struct child, timer);

	strlcpy(c->why, "not ready within start_timeout", sizeof c->why);
	log_err("child.start-timeout", kv_s("service", c->service),
	    kv_i("pid", c->pid));
	(void)kill(c->pid, SIGKILL);
}

static pid_t
spawn(struct child *c, int channel, struct err *err)
{
	char path[1024];
	char *argv[] = { c->daemon, NULL };
	char *envp[] = { NULL, NULL, NULL };
	const int fds[] = { -1, 2, 2, channel };
	const char *san = getenv("ASAN_OPTIONS");
	pid_t pid;

	if (san != NULL)
		envp[0] = xasprintf("ASAN_OPTIONS=%s", san);
	snprintf(path, sizeof path, "%s/%s", master.program_dir, c->daemon);
	pid = spawn_program(path, argv, envp, fds, ARRAY_LEN(fds), err);
	free(envp[0]);
	return pid;
}

static void
start(struct child *c)
{
	struct err err = { 0 };
	int pair[2];

	c->greeted = c->idle = c->killed = false;
	c->reach = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1) {
		log_err(
		    "child.socketpair", kv_s("why", strerrordesc_np(errno)));
		ended(c);
		return;
	}
	c->pid = spawn(c, pair[1], &err);
	fd_close(&pair[1]);
	if (c->pid == -1) {
		fd_close(&pair[0]);
		log_err("child.spawn", kv_s("service", c->service),
		    kv_s("why", err.text));
		ended(c);
		return;
	}
	c->peer = ipc_accept(pair[0], c->role, c->index, c->uid);
	ipc_set_data(c->peer, c);
	enter(c, CHILD_STARTING);
	c->timer.on_time = on_start_timeout;
	ev_timer_set(&c->timer, master.conf->start_timeout);
}

/* ---- slots ---- */

static struct child *
slot_new(
    const struct service_conf *s, enum role role, unsigned index, uid_t uid)
{
	struct child *c = xcalloc(1, sizeof *c);

	strlcpy(c->service, s->name, sizeof c->service);
	strlcpy(c->daemon, s->daemon, sizeof c->daemon);
	c->role = role;
	c->index = index;
	c->uid = uid;
	ev_timer_init(&c->timer, on_restart_time);
	TAILQ_INSERT_TAIL(&master_children, c, link);
	start(c);
	return c;
}

static struct child *
slot_find(enum role role, unsigned index, uid_t uid)
{
	struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	if (c->role == role && c->index == index && c->uid == uid &&
	    !c->retired)
		return c;
	return NULL;
}

/* The service that ROLE's processes belong to; the first when several do. */
static const struct service_conf *
service_of(enum role role)
{
	for (size_t i = 0; i < master.conf->nservices; i++)
		if (slice_is(slice_str(master.conf->services[i].daemon),
			role_name(role)))
			return &master.conf->services[i];
	return NULL;
}

static bool
may_serve(enum role role, uid_t uid, const char **why)
{
	if (uid == 0)
		return true;
	if (!master.drop && uid == geteuid())
		return true;
	if (master.drop && uid >= FIRST_UID && uid != (uid_t)-1 &&
	    (getpwuid(uid) != NULL || role == ROLE_LOCAL))
		return true;
	*why = "no process may serve that uid";
	return false;
}

struct child *
child_find(
    enum role role, unsigned index, uid_t uid, bool spawn, const char **why)
{
	const struct service_conf *s = service_of(role);
	unsigned n = 0;
	struct child *c;

	*why = "no such service is configured";
	if (s == NULL)
		return NULL;
	if (!child_serves_uid(role))
		uid = 0;
	for (size_t i = 0; i < master.conf->nservices; i++)
		if (strcmp(master.conf->services[i].daemon, s->daemon) == 0)
			n += size_processes(&master.conf->services[i]);
	c = slot_find(role, index % n, uid);
	if (c != NULL || !child_serves_uid(role) || !spawn)
		return c;
	if (!may_serve(role, uid, why))
		return NULL;
	return slot_new(s, role, index % n, uid);
}

static const struct service_conf *
conf_of(const struct child *c)
{
	return master_conf_find(master.conf, c->service);
}

/* ---- the configuration ---- */

static void
send_counts(struct ipc *peer)
{
	for (unsigned r = 0; r < ROLE_CTL; r++) {
		unsigned n = 0;

		for (size_t i = 0; i < master.conf->nservices; i++)
			if (slice_is(slice_str(master.conf->services[i].daemon),
				role_name((enum role)r)))
				n += size_processes(&master.conf->services[i]);
		if (n > 0)
			IPC_SEND(peer, master_count, .role = r, .count = n);
	}
}

static void
send_listeners(struct ipc *peer, const struct service_conf *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		IPC_SEND(peer, master_listen, .service = slice_str(s->name),
		    .protocol = slice_str(service_protocol_name(s->protocol)),
		    .max_sessions = size_sessions(s),
		    .sock = master_listen_find(&s->listeners[i]));
}

/* Who the process becomes. */
struct identity {
	uid_t uid;
	gid_t gid;
	const char *name;
	const char *home; /* of a system user; NULL otherwise */
};

static int
identity_of(const struct child *c, struct identity *id, struct err *err)
{
	const struct passwd *pw;

	*id = (struct identity){ geteuid(), getegid(), "", NULL };
	if (!master.drop)
		return 0;
	if (child_serves_uid(c->role) && c->uid == 0) {
		const bool pipe = c->role == ROLE_PIPE;

		id->uid = pipe ? master.nobody_uid : master.mail_uid;
		id->gid = pipe ? master.nobody_gid : master.mail_gid;
		return 0;
	}
	if (!child_serves_uid(c->role)) {
		id->uid = 0; /* it knows its user by name; see hello */
		return 0;
	}
	pw = getpwuid(c->uid);
	if (pw == NULL)
		return err_set(
		    err, ERR_PERM, "uid %u: no such user", (unsigned)c->uid);
	*id = (struct identity){ pw->pw_uid, pw->pw_gid, pw->pw_name,
		pw->pw_dir };
	return 0;
}

/* After the hello: everything the process needs, then "go". */
static int
equip(struct child *c, const struct msg_master_hello *hello, struct err *err)
{
	const struct service_conf *s = conf_of(c);
	struct identity id;
	char root[1024];

	if (s == NULL || hello->role != c->role)
		return err_set(err, ERR_PERM, "says it is %s",
		    role_name((enum role)hello->role));
	if (identity_of(c, &id, err) == -1)
		return -1;
	snprintf(root, sizeof root, "%s/empty", master.run_dir);
	IPC_SEND(c->peer, master_setup, .role = c->role, .index = c->index,
	    .uid = id.uid, .gid = id.gid, .drop = master.drop,
	    .journal = master.journal, .service = slice_str(c->service),
	    .user = slice_str(id.name), .home = slice_str(id.home),
	    .empty_root = slice_str(master.drop ? root : NULL));
	send_counts(c->peer);
	master_config_send_files(c->peer, c->daemon);
	if (master_config_send_dirs(c->peer, hello->dirs, id.home, err) == -1)
		return -1;
	send_listeners(c->peer, s);
	IPC_SEND(c->peer, master_go, .reload = false);
	return 0;
}

static void
reconfigure(struct child *c)
{
	if (c->state != CHILD_READY || c->peer == NULL)
		return;
	master_config_send_log(c->peer);
	send_counts(c->peer);
	master_config_send_files(c->peer, c->daemon);
	IPC_SEND(c->peer, master_go, .reload = true);
}

/* Does what the slot was made from still stand as it was? */
static bool
unchanged(const struct child *c, const struct master_conf *conf)
{
	const struct service_conf *a = conf_of(c);
	const struct service_conf *b = master_conf_find(conf, c->service);

	if (a == NULL || b == NULL || strcmp(a->daemon, b->daemon) != 0 ||
	    a->protocol != b->protocol || a->nlisteners != b->nlisteners ||
	    size_processes(a) != size_processes(b) ||
	    size_sessions(a) != size_sessions(b))
		return false;
	for (size_t i = 0; i < a->nlisteners; i++) {
		char x[ADDR_TEXT], y[ADDR_TEXT];

		if (strcmp(addr_format(&a->listeners[i], x),
			addr_format(&b->listeners[i], y)) != 0)
			return false;
	}
	return true;
}

void
child_retire(const struct master_conf *conf)
{
	struct child *c, *tmp;

	TAILQ_FOREACH_SAFE(c, &master_children, link, tmp)
	if (!unchanged(c, conf))
		stop(c, true);
}

void
child_apply(const struct master_conf *conf)
{
	unsigned next[ROLE_COUNT] = { 0 };
	struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	reconfigure(c);
	for (size_t i = 0; i < conf->nservices; i++) {
		const struct service_conf *s = &conf->services[i];
		const enum role role = role_find(slice_str(s->daemon));

		for (unsigned k = 0; k < size_processes(s); k++) {
			const unsigned index = next[role]++;

			if (!child_serves_uid(role) &&
			    slot_find(role, index, 0) == NULL)
				slot_new(s, role, index, 0);
		}
	}
}

/* ---- words from the processes ---- */

void
child_on_hello(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);
	struct err err = { 0 };

	if (c == NULL || c->greeted || c->state != CHILD_STARTING)
		return;
	c->greeted = true;
	c->reach = m->master_hello.reach;
	if (equip(c, &m->master_hello, &err) == 0)
		return;
	log_err("child.start-failed", kv_s("service", c->service),
	    kv_s("why", err.text));
	strlcpy(c->why, err.text, sizeof c->why);
	(void)kill(c->pid, SIGKILL);
}

void
child_on_ready(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);

	if (c == NULL)
		return;
	if (!m->master_ready.ok) {
		slice_copy(slice_sub(m->master_ready.why, 0, sizeof c->why - 1),
		    c->why, sizeof c->why);
		return;
	}
	if (c->state != CHILD_STARTING)
		return;
	enter(c, CHILD_READY);
	ev_timer_stop(&c->timer);
	log_info("child.ready", kv_s("service", c->service),
	    kv_s("daemon", c->daemon), kv_u("index", c->index),
	    kv_i("pid", c->pid));
	intro_ready(c);
	if (child_all_ready())
		notify_ready();
}

static void
on_idle_time(struct ev_timer *t)
{
	struct child *c = OUTER(t, struct child, timer);

	log_debug(
	    "child.idle", kv_s("service", c->service), kv_i("pid", c->pid));
	stop(c, true);
}

/* Processes of single users come and go; those of the virtual users stay. */
void
child_on_idle(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);

	if (c == NULL || c->state != CHILD_READY || c->uid == 0 ||
	    !child_serves_uid(c->role))
		return;
	c->idle = m->master_idle.idle;
	c->timer.on_time = on_idle_time;
	if (c->idle)
		ev_timer_set(&c->timer, master.conf->idle_timeout);
	else
		ev_timer_stop(&c->timer);
}

void
child_on_gone(struct ipc *peer)
{
	struct child *c = ipc_data(peer);

	if (c == NULL)
		return;
	c->peer = NULL;
	/* Alive without a channel it is of no use. */
	if (c->pid > 0 && c->state != CHILD_STOPPING) {
		c->timer.on_time = on_kill_time;
		ev_timer_set(&c->timer, 1000);
	}
}

/* ---- the end of processes ---- */

static void
log_exit(const struct child *c, int status)
{
	const bool asked = c->state == CHILD_STOPPING;
	const int64_t restart_ms = asked ? -1 : c->delay_ms;

	if (WIFSIGNALED(status))
		log_err("child.killed", kv_s("service", c->service),
		    kv_s("daemon", c->daemon), kv_i("pid", c->pid),
		    kv_s("signal", sigabbrev_np(WTERMSIG(status))),
		    kv_i("restart_ms", restart_ms));
	else if (asked)
		log_info("child.stopped", kv_s("service", c->service),
		    kv_s("daemon", c->daemon), kv_i("pid", c->pid),
		    kv_i("status", WEXITSTATUS(status)));
	else
		log_err("child.exited", kv_s("service", c->service),
		    kv_s("daemon", c->daemon), kv_i("pid", c->pid),
		    kv_i("status", WEXITSTATUS(status)),
		    kv_i("restart_ms", restart_ms));
}

static struct child *
by_pid(pid_t pid)
{
	struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	if (c->pid == pid)
		return c;
	return NULL;
}

void
child_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *c = by_pid(pid);

		if (c == NULL)
			continue;
		log_exit(c, status);
		if (c->state == CHILD_STARTING)
			notify_failed(c->service,
			    c->why[0] != '\0' ? c->why : "ended at its start");
		ended(c);
	}
	if (master.stopping)
		child_stop_all();
}

/* Those that take work from outside end first, those that others ask last.
 * qmgr and its agents end together: it begins no delivery any more and waits
 * for the results of those under way, which the agents bring to an end. */
static unsigned
stage_of(enum role role)
{
	if (role == ROLE_SMTPD || role == ROLE_IMAPD || role == ROLE_POP3D)
		return 0;
	if (role == ROLE_AUTH || role == ROLE_LOOKUP || role == ROLE_KEYS)
		return 2;
	return 1;
}

/* The lowest stage that still has slots. */
static unsigned
stage_now(void)
{
	unsigned stage = 2;
	const struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	if (stage_of(c->role) < stage)
		stage = stage_of(c->role);
	return stage;
}

void
child_stop_all(void)
{
	unsigned stage;

	/* Slots without a process go at once; then the next stage's turn. */
	do {
		struct child *c, *tmp;

		stage = stage_now();
		TAILQ_FOREACH_SAFE(c, &master_children, link, tmp)
		if (stage_of(c->role) <= stage)
			stop(c, true);
	} while (!child_none_left() && stage_now() > stage);
	if (child_none_left())
		ev_stop();
}

bool
child_none_left(void)
{
	return TAILQ_EMPTY(&master_children);
}

bool
child_all_ready(void)
{
	const struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	if (c->state != CHILD_READY && !c->retired)
		return false;
	return true;
}
