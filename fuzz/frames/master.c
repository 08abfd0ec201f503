/* SPDX-License-Identifier: ISC */
/*
 * The whole of master hears what its processes could say when they are taken
 * over.  They are here: a program that is started is a process that does
 * nothing, and what it would say at its start is said for it; from then on the
 * input speaks on its channel.  Who is dropped ends, as processes do, and is
 * started again.
 *
 * Each input is a minute of master's clock, so that all its timers run.
 */
#include "fuzz/frames/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ipc/master.h"
#include "ipc/role.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "sys/spawn.h"

enum {
	PROCESSES = 64,
	MINUTE_MS = 60000,
	TURNS = 12, /* of the loop, for one input */
	START_TURNS = 200,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int daemon_main(int argc, char **argv);

enum role frames_self = ROLE_MASTER;

/* A process of master's. */
static struct process {
	struct peer peer;
	pid_t pid; /* 0: the place is free */
} processes[PROCESSES];

static int64_t minutes;

/* ---- the kernel ---- */

int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);
int64_t __real_clock_us(void);
int64_t __wrap_clock_us(void);
void __real_ev_run(void);
void __wrap_ev_run(void);
pid_t __wrap_spawn_program(const char *path, char *const argv[],
    char *const envp[], const int *fds, size_t nfds, struct err *err);

int64_t
__wrap_clock_ms(void)
{
	return __real_clock_ms() + minutes * MINUTE_MS;
}

int64_t
__wrap_clock_us(void)
{
	return __real_clock_us() + minutes * MINUTE_MS * 1000;
}

/* ---- its processes ---- */

static void on_process(struct ev_io *io, unsigned events);

static pid_t
do_nothing(void)
{
	const pid_t pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)close_range(0, ~0U, 0);
	for (;;)
		pause();
}

/* Take CHANNEL and say hello. */
static pid_t
begin(enum role role, int channel)
{
	for (struct process *p = processes; p < processes + PROCESSES; p++) {
		if (p->pid != 0)
			continue;
		p->pid = do_nothing();
		must(p->pid > 0);
		p->peer = (struct peer){ .role = role };
		ev_io_init(&p->peer.io, fcntl(channel, F_DUPFD_CLOEXEC, 3),
		    on_process);
		must(p->peer.io.fd != -1);
		ev_io_set(&p->peer.io, EV_READ);
		(void)TELL(p->peer.io.fd, master_hello, .role = role,
		    .reach = UINT32_MAX, .dirs = 3, .pid = (uint32_t)p->pid);
		return p->pid;
	}
	errno = EAGAIN;
	return -1;
}

static void
end(struct process *p)
{
	frames_part(&p->peer);
	(void)kill(p->pid, SIGKILL);
	p->pid = 0;
}

static void
on_process(struct ev_io *io, unsigned events)
{
	struct process *p = OUTER(io, struct process, peer.io);
	struct msg m;
	int with;

	(void)events;
	if (!frames_hear(io->fd, &m, &with)) {
		end(p);
		return;
	}
	if (m.type == MSG_master_go)
		(void)TELL(io->fd, master_ready, .ok = true);
	if (m.type == MSG_master_peer)
		(void)TELL(io->fd, master_acked,
		    .connection = m.master_peer.connection);
	if (m.type == MSG_logger_pipe)
		(void)TELL(io->fd, logger_closed, .pipe = m.logger_pipe.pipe);
	if (m.type == MSG_master_fork)
		(void)begin(p->peer.role, with);
	fd_close(&with);
	if (m.type == MSG_master_stop)
		end(p);
}

pid_t
__wrap_spawn_program(const char *path, char *const argv[], char *const envp[],
    const int *fds, size_t nfds, struct err *err)
{
	pid_t pid;

	(void)path;
	(void)envp;
	must(nfds == 4);
	pid = begin(role_find(slice_str(argv[0])), fds[3]);
	return pid != -1 ? pid : err_sys(err, ERR_TEMP, "start %s", argv[0]);
}

/* ---- its start ---- */

static void
put(int dir, const char *name, const char *text)
{
	must(durable_replace(dir, name, slice_str(text), 0600, NULL) == 0);
}

/* When main() comes to its loop, it is run for each input. */
static bool started;

void
__wrap_ev_run(void)
{
	if (started) {
		__real_ev_run();
		return;
	}
	started = true;
	frames_run(START_TURNS);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char top[] = "/tmp/pabal-fuzz.XXXXXX";
	static char conf[sizeof top + 8], run[sizeof top + 8];
	static char state[sizeof top + 8], text[1024];
	char *args[] = { (*argv)[0], "-c", conf, "-r", run, "-s", state, NULL };
	int dir;

	(void)argc;
	must(mkdtemp(top) != NULL);
	snprintf(conf, sizeof conf, "%s/etc", top);
	snprintf(run, sizeof run, "%s/run", top);
	snprintf(state, sizeof state, "%s/state", top);
	must(mkdir(conf, 0755) == 0 && mkdir(run, 0755) == 0 &&
	     mkdir(state, 0700) == 0);
	snprintf(text, sizeof text,
	    "hostname = mx.pabal.test\ndomains = pabal.test\n"
	    "log_level = error\nspool_directory = %s\nmail_directory = %s\n"
	    "table_directory = %s\n",
	    state, state, conf);
	dir = open(conf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(dir, "pabal.conf", text);
	put(dir, "master.conf",
	    "[lookup]\ndaemon = lookup\n[keys]\ndaemon = keys\n"
	    "[auth]\ndaemon = auth\n[qmgr]\ndaemon = qmgr\n"
	    "[local]\ndaemon = local\n[pipe]\ndaemon = pipe\n"
	    "[outbound]\ndaemon = smtp\n[imapd]\ndaemon = imapd\n"
	    "[pop3d]\ndaemon = pop3d\n[sieved]\ndaemon = "
	    "sieved\n[jmapd]\ndaemon = jmapd\n[smtp]\ndaemon = smtpd\n"
	    "protocol = smtp\nlisten = unix:smtpd\n"
	    "[imap]\ndaemon = login\nprotocol = imap\nlisten = unix:imap\n");
	close(dir);
	must(daemon_main(7, args) == 0 && started);
	return 0;
}

/* ---- an input ---- */

struct peer *
frames_speaker(enum role role, enum msg_type type)
{
	(void)type;
	for (struct process *p = processes; p < processes + PROCESSES; p++)
		if (p->pid != 0 && p->peer.role == role)
			return &p->peer;
	return NULL;
}

void
frames_heard(void)
{
	frames_run(TURNS);
	minutes++;
	frames_run(TURNS);
}
