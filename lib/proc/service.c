/* SPDX-License-Identifier: ISC */
#include "proc/service.h"

#include <errno.h>
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

#include <bsd/string.h>
#include <bsd/unistd.h>

#include "base/mem.h"
#include "conf/shared.h"
#include "log/log.h"
#include "log/metric.h"
#include "sys/fd.h"

enum {
	CHANNEL_FD = 3, /* the control channel that master leaves us */
	MAX_FILES = 4,  /* pabal.conf and our own */
	MAX_LISTENERS = 64,
	MAX_CONF_BYTES = 1 << 20,
	ACCEPTS_A_TURN = 16,   /* then another process gets its share */
	ACCEPT_PAUSE_MS = 100, /* after EMFILE and the like */
	IDLE_CHECK_MS = 1000,
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
	bool started;
	bool stopping;
	bool idle; /* what master was told last */
	char section[32];
	char user[64];
	char home[256];
	char empty_root[256];
	int dirs[DIR_COUNT];
	struct {
		char name[64];
		struct buf body;
	} files[MAX_FILES];
	size_t nfiles;
	struct listener listeners[MAX_LISTENERS];
	size_t nlisteners;
	struct ev_timer accept_again;
	struct ev_timer stop_deadline;
	struct ev_timer idle_check;
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

int
service_dir(enum service_dir dir)
{
	return proc.dirs[dir];
}

/* ---- accepting ---- */

void
service_pause(bool pause)
{
	for (size_t i = 0; i < proc.nlisteners; i++) {
		if (pause)
			ev_io_stop(&proc.listeners[i].io);
		else
			ev_io_set(&proc.listeners[i].io, EV_READ);
	}
}

static void
on_accept_again(struct ev_timer *t)
{
	(void)t;
	if (!proc.stopping)
		service_pause(false);
}

/* No fd left: the backlog waits, sessions that end make room. */
static void
accept_failed(void)
{
	static struct metric failures = { .name = "pabal_accept_failures",
		.help = "Connections that waited for lack of descriptors." };

	metric_add(&failures, 1);
	log_warn("proc.accept-failed", kv_s("why", strerrordesc_np(errno)));
	service_pause(true);
	ev_timer_set(&proc.accept_again, ACCEPT_PAUSE_MS);
}

static void
on_listener(struct ev_io *io, unsigned events)
{
	const struct listener *l = OUTER(io, struct listener, io);

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN && !proc.stopping; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof ss;
		struct addr peer;
		const int fd = accept4(io->fd, (struct sockaddr *)&ss, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd == -1 && (errno == ECONNABORTED || errno == EINTR))
			continue;
		if (fd == -1 && errno == EAGAIN)
			return;
		if (fd == -1) {
			accept_failed();
			return;
		}
		addr_set(&peer, &ss, len);
		proc.svc->accept(fd, l, &peer);
	}
}

/* ---- configuration ---- */

static void
apply_shared(const void *conf)
{
	/* Every daemon's struct begins with the shared facts. */
	const struct shared_conf *shared = conf;

	log_set(shared->log_format == SHARED_JSON ? LOG_JSON : LOG_LOGFMT,
	    (enum log_level)shared->log_level);
}

static int
load_conf(void **conf, struct err *err)
{
	struct conf_errors errors = { 0 };
	struct conf_text texts[MAX_FILES];
	struct buf text = { .max = 200 };
	int rc;

	for (size_t i = 0; i < proc.nfiles; i++)
		texts[i] = (struct conf_text){ proc.files[i].name,
			buf_slice(&proc.files[i].body) };
	rc = conf_load_service(
	    proc.svc->conf, proc.section, texts, proc.nfiles, conf, &errors);
	if (rc == -1) {
		conf_errors_format(&errors, &text);
		err_set(err, ERR_PERM, "configuration: %.*s",
		    SLICE_FMT(slice_trim(buf_slice(&text))));
		buf_fini(&text);
	}
	conf_errors_fini(&errors);
	for (size_t i = 0; i < proc.nfiles; i++)
		buf_fini(&proc.files[i].body);
	proc.nfiles = 0;
	return rc;
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
		return err_set(
		    err, ERR_PERM, "user %s does not exist", proc.svc->user);
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
	return sandbox_enter(&box, err);
}

static int
start(struct err *err)
{
	void *conf = NULL;

	if (load_conf(&conf, err) == -1)
		return -1;
	*proc.svc->conf_slot = conf;
	apply_shared(conf);
	tzset();
	if (find_user(err) == -1)
		return -1;
	if (proc.svc->prepare != NULL && proc.svc->prepare(err) == -1)
		return -1;
	if (close_doors(err) == -1)
		return -1;
	return proc.svc->start != NULL ? proc.svc->start(err) : 0;
}

/* Accept, and tell master. */
static void
become_ready(void)
{
	service_pause(false);
	proc.started = true;
	if (proc.svc->busy != NULL)
		ev_timer_set(&proc.idle_check, IDLE_CHECK_MS);
	IPC_SEND(ipc_master(), master_ready, .ok = true);
}

static void
reload(void)
{
	const void *old = *proc.svc->conf_slot;
	void *conf = NULL;
	struct err err = { 0 };

	if (load_conf(&conf, &err) == -1) {
		log_err("proc.reload-refused", kv_s("why", err.text));
		IPC_SEND(ipc_master(), master_ready, .ok = false,
		    .why = slice_str(err.text));
		return;
	}
	*proc.svc->conf_slot = conf;
	apply_shared(conf);
	if (proc.svc->reload != NULL)
		proc.svc->reload();
	memcpy(&conf, &old, sizeof conf);
	conf_free(&conf);
	log_info("proc.reloaded");
	IPC_SEND(ipc_master(), master_ready, .ok = true);
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
	ev_timer_stop(&proc.accept_again);
	service_pause(true);
	if (!proc.started || proc.svc->stop == NULL) {
		ev_stop();
		return;
	}
	ev_timer_set(&proc.stop_deadline, deadline_ms);
	proc.svc->stop();
}

static void
on_term(int signo)
{
	(void)signo;
	stop(5000);
}

static void
on_idle_check(struct ev_timer *t)
{
	const bool idle = !proc.svc->busy();

	ev_timer_set(t, IDLE_CHECK_MS);
	if (idle != proc.idle)
		IPC_SEND(ipc_master(), master_idle, .idle = idle);
	proc.idle = idle;
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
on_file(struct ipc *peer, struct msg *m)
{
	const size_t i = proc.nfiles;
	struct err err = { 0 };

	(void)peer;
	if (i == MAX_FILES)
		return;
	slice_copy(
	    m->master_file.name, proc.files[i].name, sizeof proc.files[i].name);
	buf_init(&proc.files[i].body, MAX_CONF_BYTES);
	if (fd_read_file(m->master_file.file, &proc.files[i].body, &err) == -1)
		log_err("proc.file", kv_s("name", proc.files[i].name),
		    kv_s("why", err.text));
	proc.nfiles++;
}

static void
on_dir(struct ipc *peer, struct msg *m)
{
	static const char *const names[DIR_COUNT] = { "spool", "mail", "tables",
		"tls" };

	(void)peer;
	for (size_t i = 0; i < DIR_COUNT; i++) {
		if (!slice_is(m->master_dir.name, names[i]))
			continue;
		fd_close(&proc.dirs[i]);
		proc.dirs[i] = m->master_dir.dir;
		m->master_dir.dir = -1;
	}
}

static void
on_log(struct ipc *peer, struct msg *m)
{
	(void)peer;
	log_flush();
	if (m->master_log.file != -1)
		(void)dup2(m->master_log.file, 2);
}

static void
on_listen(struct ipc *peer, struct msg *m)
{
	struct msg_master_listen *in = &m->master_listen;
	struct listener *l = &proc.listeners[proc.nlisteners];

	(void)peer;
	if (proc.nlisteners == MAX_LISTENERS || proc.svc->accept == NULL)
		return;
	ev_io_init(&l->io, in->sock, on_listener);
	l->io.exclusive = true;
	in->sock = -1;
	l->max_sessions = in->max_sessions;
	slice_copy(in->service, l->service, sizeof l->service);
	slice_copy(in->protocol, l->protocol, sizeof l->protocol);
	proc.nlisteners++;
	if (proc.started)
		ev_io_set(&l->io, EV_READ);
}

static void
on_go(struct ipc *peer, struct msg *m)
{
	struct err err = { 0 };

	(void)m;
	if (proc.started) {
		reload();
		return;
	}
	if (start(&err) == 0) {
		become_ready();
		return;
	}
	log_err("proc.start-failed", kv_s("why", err.text));
	IPC_SEND(peer, master_ready, .ok = false, .why = slice_str(err.text));
	log_flush();
	exit(EX_CONFIG);
}

static void
on_peer(struct ipc *peer, struct msg *m)
{
	struct msg_master_peer *in = &m->master_peer;

	(void)peer;
	if (in->sock == -1)
		return;
	ipc_accept(in->sock, (enum role)in->role, in->index, in->uid);
	in->sock = -1;
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
		stop(1000);
	else if (proc.svc->ipc != NULL && proc.svc->ipc->on_gone != NULL)
		proc.svc->ipc->on_gone(peer);
}

static void
make_table(void)
{
	if (proc.svc->ipc != NULL)
		proc.table = *proc.svc->ipc;
	proc.table.on_gone = on_gone;
	proc.table.on[MSG_master_setup] = on_setup;
	proc.table.on[MSG_master_count] = on_count;
	proc.table.on[MSG_master_file] = on_file;
	proc.table.on[MSG_master_dir] = on_dir;
	proc.table.on[MSG_master_listen] = on_listen;
	proc.table.on[MSG_master_log] = on_log;
	proc.table.on[MSG_master_go] = on_go;
	proc.table.on[MSG_master_peer] = on_peer;
	proc.table.on[MSG_master_stop] = on_stop;
	proc.table.on[MSG_master_stat] = on_stat;
}

/* ---- main ---- */

static void
print_privileges(const struct service *svc)
{
	struct buf out = { .max = 4096 };
	const char *sep = "";

	buf_addf(&out, "%s user=%s may=\"", svc->name,
	    svc->user != NULL ? svc->user : "(owner)");
	sandbox_describe(&out, svc->may);
	buf_adds(&out, "\" reach=\"");
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if ((svc->reach & REACH(r)) == 0)
			continue;
		buf_addf(&out, "%s%s", sep, role_name((enum role)r));
		sep = " ";
	}
	buf_adds(&out, "\" dirs=\"");
	sep = "";
	for (unsigned i = 0; i < DIR_COUNT; i++) {
		static const char *const names[] = { "spool", "mail", "tables",
			"tls" };

		if ((svc->dirs & 1U << i) == 0)
			continue;
		buf_addf(&out, "%s%s", sep, names[i]);
		sep = " ";
	}
	buf_adds(&out, "\" syscalls=\"");
	sandbox_syscalls(&out, svc->may);
	buf_adds(&out, "\"\n");
	(void)!write(1, out.p, out.n);
	buf_fini(&out);
}

static int
usage(const struct service *svc, const char *arg)
{
	if (arg != NULL && slice_is(slice_str(arg), "--version")) {
		printf("pabal %s %s\n", svc->name, PABAL_VERSION);
		return EX_OK;
	}
	if (arg != NULL && slice_is(slice_str(arg), "--privileges")) {
		print_privileges(svc);
		return EX_OK;
	}
	if (arg != NULL && slice_is(slice_str(arg), "--help")) {
		printf("usage: %s [--help | --version | --privileges]\n"
		       "A daemon of pabal; master starts it (see pabal(8)).\n",
		    svc->name);
		return EX_OK;
	}
	fprintf(stderr,
	    "%s is started by master; use \"pabal start\" (see pabal(8))\n",
	    svc->name);
	return EX_USAGE;
}

int
service_main(const struct service *svc, int argc, char **argv)
{
	int type = 0;
	socklen_t len = sizeof type;
	struct err err = { 0 };

	if (argc != 1 ||
	    getsockopt(CHANNEL_FD, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_SEQPACKET)
		return usage(svc, argc > 1 ? argv[1] : NULL);
	proc.svc = svc;
	for (size_t i = 0; i < DIR_COUNT; i++)
		proc.dirs[i] = -1;
	/* Left to itself, glibc learns from the first large piece that is freed
	 * to keep such pieces: those that LMDB gets for each index, and hardly
	 * touches, then cost megabytes each. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
	log_init(svc->name, 0);
	(void)prctl(PR_SET_NAME, svc->name);
	ev_init();
	ev_signal(SIGTERM, on_term);
	signal(SIGINT, SIG_IGN); /* Ctrl-C is master's business */
	ev_timer_init(&proc.accept_again, on_accept_again);
	ev_timer_init(&proc.stop_deadline, on_stop_deadline);
	ev_timer_init(&proc.idle_check, on_idle_check);
	make_table();
	ipc_setup(svc->role, &proc.table);
	if (fd_nonblock(CHANNEL_FD, &err) == -1)
		return EX_OSERR;
	ipc_set_master(CHANNEL_FD);
	IPC_SEND(ipc_master(), master_hello, .role = svc->role,
	    .reach = svc->reach, .dirs = svc->dirs);
	ev_run();
	log_flush();
	return EX_OK;
}
