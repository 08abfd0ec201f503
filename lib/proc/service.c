/* SPDX-License-Identifier: ISC */
#include "proc/service.h"

#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"
#include "ev/turn.h"
#include "front/rate.h"
#include "ipc/admit.h"
#include "ipc/master.h"
#include "ipc/pass.h"
#include "ipc/setup.h"
#include "log/line.h"
#include "log/log.h"
#include "log/metric.h"
#include "proc/about.h"
#include "proc/config.h"
#include "proc/idle.h"
#include "proc/listen.h"
#include "proc/narrow.h"
#include "proc/nursery.h"
#include "proc/park.h"
#include "proc/secrets.h"
#include "sys/fd.h"
#include "sys/kernel.h"
#include "sys/portset.h"

enum {
	CHANNEL_FD = 3, /* the control channel, non-blocking, from master */
	PLACE_MAX = 1025,
	RESTART_MS = 600000,     /* so long a session may take to its end */
	LARGE_PIECE = 256 << 10, /* bytes; it is given back when freed */
};

/* What master has handed over. */
static struct {
	const struct service *svc;
	struct ipc_table table;
	unsigned index;
	uid_t uid;
	gid_t gid;
	bool drop;
	bool trial; /* the configuration is only tried */
	bool started;
	bool stopping;
	bool nursery;    /* it makes processes and does nothing else */
	bool child;      /* of a nursery */
	bool ports_held; /* the kernel allows these and no others */
	struct port_set ports;
	char section[32];
	char user[64];
	char home[256];
	char empty_root[256];
	char place[PLACE_MAX];
	int dirs[DIR_COUNT];
	struct ev_timer stop_deadline;
} proc;

unsigned
service_index(void)
{
	return proc.index;
}

const char *
service_section(void)
{
	return proc.section;
}

uid_t
service_uid(void)
{
	return proc.uid;
}

gid_t
service_gid(void)
{
	return proc.gid;
}

const char *
service_user(void)
{
	return proc.user;
}

const char *
service_home(void)
{
	return proc.home;
}

bool
service_is_system_user(void)
{
	return proc.home[0] != '\0';
}

const char *
service_place(void)
{
	return proc.place;
}

int
service_dir(enum service_dir dir)
{
	return proc.dirs[dir];
}

/* ---- the start ---- */

/* A daemon that serves nobody in particular runs as the user it declares. */
static int
find_user(struct err *err)
{
	const struct passwd *pw;

	if (!proc.drop || proc.svc->user == NULL)
		return 0;
	pw = getpwnam(proc.svc->user);
	if (pw == NULL)
		return err_set(err, ERR_PERM,
		    "user %s does not exist: \"make accounts\" or "
		    "systemd-sysusers creates it",
		    proc.svc->user);
	proc.uid = pw->pw_uid;
	proc.gid = pw->pw_gid;
	return 0;
}

static int
close_doors(struct err *err)
{
	int dirs[DIR_COUNT];
	struct sandbox box = {
		.may = proc.svc->may,
		.dirs = dirs,
		.drop = proc.drop,
		.nursery = proc.nursery,
		.uid = proc.uid,
		.gid = proc.gid,
		.empty_root = proc.empty_root[0] != '\0' &&
				      (proc.svc->may & MAY_SPAWN) == 0
				  ? proc.empty_root
				  : NULL, /* programs are found in / */
	};

	for (size_t i = 0; i < DIR_COUNT; i++)
		if (proc.dirs[i] != -1)
			dirs[box.ndirs++] = proc.dirs[i];
	if (proc.svc->ports != NULL) {
		proc.svc->ports(&proc.ports);
		proc.ports_held = kernel_landlock() >= KERNEL_LANDLOCK_NET;
		box.ports = &proc.ports;
	}
	return proc.child ? sandbox_narrow(&box, err)
			  : sandbox_enter(&box, err);
}

/* Does the new configuration ask for ports that the kernel will refuse? */
static bool
lacks_ports(void)
{
	static struct port_set wanted;

	if (!proc.ports_held)
		return false;
	memset(&wanted, 0, sizeof wanted);
	proc.svc->ports(&wanted);
	return !port_set_within(&wanted, &proc.ports);
}

/* What all processes of a nursery have from it. */
static int
warm_up(struct err *err)
{
	void *conf = NULL;

	if (config_load(proc.svc->conf, proc.section, &conf, err) == -1)
		return -1;
	*proc.svc->conf_slot = conf;
	config_apply_shared(conf, proc.trial);
	tzset();
	if (find_user(err) == -1)
		return -1;
	return proc.svc->prepare != NULL ? proc.svc->prepare(err) : 0;
}

/* STEP: what the daemon does last, with the rights it has from then on. */
static int
start(int (*step)(struct err *err), struct err *err)
{
	if (!proc.child && warm_up(err) == -1)
		return -1;
	if (close_doors(err) == -1)
		return -1;
	if (proc.nursery)
		park_fill_holes();
	return step != NULL && !proc.nursery ? step(err) : 0;
}

/* Whatever ends the last of the work, it is seen here. */
static void
on_turn_end(void)
{
	const bool busy = proc.svc->busy();

	if (!proc.stopping) {
		idle_turn(busy);
		return;
	}
	if (busy)
		return;
	if (proc.svc->end != NULL)
		proc.svc->end();
	ev_stop();
}

/* Accept, and tell master. */
static void
become_ready(void)
{
	listen_start();
	proc.started = true;
	turn_restart();
	if (proc.svc->busy != NULL && !proc.nursery) {
		idle_begin(proc.svc->busy, proc.svc->user == NULL, proc.child);
		ev_each_turn(on_turn_end);
	}
	IPC_SEND(ipc_master(), master_ready, .ok = true);
}

/* Without everything that master handed over, files that are there would seem
 * not to be. */
static int
has_all(struct err *err)
{
	static unsigned known;
	const unsigned lost = ipc_crippled() - known;

	known += lost;
	if (lost == 0)
		return 0;
	return err_set(err, ERR_TEMP,
	    "no descriptor was free for %u of the things that master sent",
	    lost);
}

static int
take_up(struct err *err)
{
	const void *old = *proc.svc->conf_slot;
	void *conf = NULL;
	int rc = 0;

	if (has_all(err) == -1 ||
	    config_load(proc.svc->conf, proc.section, &conf, err) == -1)
		return -1;
	*proc.svc->conf_slot = conf;
	if (lacks_ports())
		service_restart("the configuration names a new port");
	else if (proc.svc->reload != NULL && !proc.nursery)
		rc = proc.svc->reload(err);
	if (rc == 0)
		memcpy(&conf, &old, sizeof conf);
	else
		*proc.svc->conf_slot = old;
	config_apply_shared(*proc.svc->conf_slot, proc.trial);
	conf_free(&conf);
	return rc;
}

static void
reload(void)
{
	struct err err = { 0 };
	const bool ok = take_up(&err) == 0;

	if (ok)
		log_info("proc.reloaded");
	else
		log_err("proc.reload-refused", kv_s("why", err.text));
	/* Who ends for it has not taken it up yet. */
	IPC_SEND(ipc_master(), master_ready, .ok = ok, .anew = proc.stopping,
	    .why = slice_str(err.text));
}

/* ---- the end ---- */

static void
on_stop_deadline(struct ev_timer *t)
{
	(void)t;
	ev_stop();
}

static void
stop(int64_t deadline_ms)
{
	if (proc.stopping)
		return;
	proc.stopping = true;
	listen_stop();
	if (!proc.started || proc.nursery ||
	    (proc.svc->stop == NULL && proc.svc->busy == NULL)) {
		ev_stop();
		return;
	}
	ev_timer_set(&proc.stop_deadline, deadline_ms);
	if (proc.svc->stop != NULL)
		proc.svc->stop();
}

void
service_restart(const char *why)
{
	if (proc.stopping)
		return;
	log_info("proc.restart", kv_s("why", why));
	stop(RESTART_MS);
}

static void
on_term(int signo)
{
	(void)signo;
	stop(5000);
}

/* ---- what master says ---- */

static void
on_setup(struct ipc *peer, struct msg *m)
{
	const struct msg_master_setup *s = &m->master_setup;

	(void)peer;
	proc.index = s->index;
	proc.drop = s->drop;
	proc.uid = s->uid;
	proc.gid = s->gid;
	slice_copy(s->service, proc.section, sizeof proc.section);
	slice_copy(s->user, proc.user, sizeof proc.user);
	slice_copy(s->home, proc.home, sizeof proc.home);
	slice_copy(s->empty_root, proc.empty_root, sizeof proc.empty_root);
	slice_copy(s->place, proc.place, sizeof proc.place);
	proc.nursery = s->nursery;
	log_init(proc.svc->name, proc.index);
	log_for_journal(s->journal);
}

static void
on_count(struct ipc *peer, struct msg *m)
{
	(void)peer;
	ipc_set_count((enum role)m->master_count.role, m->master_count.count);
}

static void
on_dir(struct ipc *peer, struct msg *m)
{
	static const char *const names[DIR_COUNT] = { "spool", "mail", "tables",
		"tls", "signing", "state", "web" };

	(void)peer;
	for (size_t i = 0; i < DIR_COUNT; i++) {
		if (!slice_is(m->master_dir.name, names[i]))
			continue;
		fd_close(&proc.dirs[i]);
		proc.dirs[i] = m->master_dir.dir;
		m->master_dir.dir = -1;
	}
}

/* Before the sandbox is entered: mapped once, it needs no right any more. */
static void
on_rates(struct ipc *peer, struct msg *m)
{
	struct err err;

	(void)peer;
	if (!proc.started && rate_use(m->master_rates.table, &err) == -1)
		log_warn("proc.rates-failed", kv_s("why", err.text));
}

static void
on_go(struct ipc *peer, struct msg *m)
{
	struct err err = { 0 };
	int rc;

	if (proc.started) {
		reload();
		return;
	}
	proc.trial = m->master_go.what == GO_CHECK;
	rc = has_all(&err);
	if (rc == 0)
		rc =
		    start(proc.trial ? proc.svc->check : proc.svc->start, &err);
	if (rc == 0 && !proc.trial) {
		become_ready();
		return;
	}
	if (!proc.trial)
		log_err("proc.start-failed", kv_s("why", err.text));
	IPC_SEND(peer, master_ready, .ok = rc == 0, .why = slice_str(err.text));
	(void)log_flush();
	exit(rc == 0 ? EX_OK : EX_CONFIG);
}

static void
on_peer(struct ipc *peer, struct msg *m)
{
	struct msg_master_peer *in = &m->master_peer;
	struct ipc *who;

	/* First the word: master has others wait for it. */
	IPC_SEND(peer, master_acked, .connection = in->connection);
	who = ipc_admit(
	    in->sock, (enum role)in->role, in->index, in->uid, in->asker);
	in->sock = -1;
	if (who != NULL && in->account.n + in->home.n > 0)
		ipc_set_pass(who, &(const struct ipc_pass){ in->account,
				      in->home, in->quota, in->quota_messages,
				      in->parked, in->guest, in->groups });
}

static void
on_stop(struct ipc *peer, struct msg *m)
{
	(void)peer;
	stop(m->master_stop.deadline_ms);
}

static void
on_stat(struct ipc *peer, struct msg *m)
{
	struct buf text = { .max = MSG_MAX_BYTES - 64 };
	char labels[64];

	snprintf(labels, sizeof labels, "daemon=\"%s\",process=\"%u\"",
	    proc.svc->name, proc.index);
	metric_print(&text, labels);
	IPC_SEND(peer, master_stats, .id = m->master_stat.id,
	    .text = buf_slice(&text));
	buf_fini(&text);
}

/* Without master there is no one to restart us or to stop us: end. */
static void
on_gone(struct ipc *peer)
{
	if (peer == ipc_master())
		stop(proc.svc->last_ms > 0 ? proc.svc->last_ms : 1000);
	else if (proc.svc->ipc != NULL && proc.svc->ipc->on_gone != NULL)
		proc.svc->ipc->on_gone(peer);
}

/* The loop's signals and timers, and the first word to master. */
static void
meet_master(void)
{
	ev_signal(SIGTERM, on_term);
	listen_init(proc.svc);
	ev_timer_init(&proc.stop_deadline, on_stop_deadline);
	ipc_set_master(CHANNEL_FD);
	secrets_want(ipc_master(), proc.svc->conf);
	IPC_SEND(ipc_master(), master_hello, .role = proc.svc->role,
	    .reach = proc.svc->reach, .dirs = proc.svc->dirs,
	    .pid = (uint32_t)getpid());
}

static void
on_fork(struct ipc *peer, struct msg *m)
{
	int fd = m->master_fork.channel;

	(void)peer;
	if (!proc.nursery || !proc.started || fd == -1 || !nursery_fork())
		return;
	m->master_fork.channel = -1;
	ev_init();
	ipc_forget_master();
	must(dup2(fd, CHANNEL_FD) == CHANNEL_FD);
	fd_close(&fd);
	proc.nursery = proc.started = false;
	proc.child = true;
	log_init(proc.svc->name, 0); /* it has another pid */
	meet_master();
}

static void
make_table(void)
{
	if (proc.svc->ipc != NULL)
		proc.table = *proc.svc->ipc;
	proc.table.on_gone = on_gone;
	proc.table.on[MSG_master_setup] = on_setup;
	proc.table.on[MSG_master_count] = on_count;
	proc.table.on[MSG_master_file] = config_on_file;
	proc.table.on[MSG_master_secret] = secrets_on_file;
	proc.table.on[MSG_master_dir] = on_dir;
	proc.table.on[MSG_master_rates] = on_rates;
	proc.table.on[MSG_master_listen] = listen_on_socket;
	proc.table.on[MSG_master_go] = on_go;
	proc.table.on[MSG_master_peer] = on_peer;
	proc.table.on[MSG_master_stop] = on_stop;
	proc.table.on[MSG_master_fork] = on_fork;
	proc.table.on[MSG_master_log] = nursery_on_log;
	proc.table.on[MSG_master_stat] = on_stat;
}

/* ---- main ---- */

int
service_main(const struct service *svc, int argc, char **argv)
{
	int type = 0;
	socklen_t len = sizeof type;

	if (argc != 1 ||
	    getsockopt(CHANNEL_FD, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_SEQPACKET)
		return about_print(svc, argc > 1 ? argv[1] : NULL);
	proc.svc = svc;
	for (size_t i = 0; i < DIR_COUNT; i++)
		proc.dirs[i] = -1;
	/* Left to itself, glibc learns from the first large piece that is freed
	 * to keep such pieces: those that LMDB gets for each index, and hardly
	 * touches, then cost megabytes each. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
	log_init(svc->name, 0);
	log_unnamed(true);
	(void)prctl(PR_SET_NAME, svc->name);
	ev_init();
	signal(SIGINT, SIG_IGN); /* Ctrl-C is master's business */
	make_table();
	ipc_setup(svc->role, &proc.table);
	meet_master();
	ev_run();
	(void)log_flush();
	return EX_OK;
}
