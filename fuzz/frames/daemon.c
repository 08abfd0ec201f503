/* SPDX-License-Identifier: ISC */
/*
 * A whole daemon, its main() and all, hears what those who may reach it could
 * say when they are taken over.  This is its master: it hands over what a start
 * needs, and the ends of its links to others are here too.  A link's reply goes
 * out with the id that its request had, whatever else it says.
 *
 * Each role has one channel; in the end it says what nobody understands, and
 * must be dropped: else this waits until libFuzzer has lost its patience.
 */
#include "fuzz/frames/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ipc/frame.h"
#include "ipc/master.h"
#include "ipc/role_facts.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "sys/spawn.h"
#include "tests/hostile.h"
#include "tls/cert.h"
#include "tls/selfsigned.h"

enum {
	CONTROL_FD = 3,
	SETTLE_TURNS = 3,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int daemon_main(int argc, char **argv);

enum role frames_self;

static struct {
	const struct service *svc;
	int master; /* our end of its control channel */
	struct ev_io io;
	struct peer channels[ROLE_COUNT]; /* that others have to it */
	struct peer links[ROLE_COUNT];    /* that it asked for */
	unsigned ending; /* channels that must be dropped yet */
	bool ready;
	jmp_buf ran; /* when its loop was left for the first time */
} self;

/* ---- what the kernel would keep it from ---- */

int __wrap_sandbox_enter(const struct sandbox *box, struct err *err);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
pid_t __wrap_spawn_guest(const char *path, char *const argv[],
    char *const envp[], const int *fds, size_t nfds,
    const struct spawn_limits *limits, struct err *err);
int __real_service_main(const struct service *svc, int argc, char **argv);
int __wrap_service_main(const struct service *svc, int argc, char **argv);

static void start(void);

int
__wrap_sandbox_enter(const struct sandbox *box, struct err *err)
{
	(void)box;
	(void)err;
	return 0;
}

int
__wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	(void)fd;
	(void)sa;
	(void)len;
	errno = ECONNREFUSED;
	return -1;
}

pid_t
__wrap_spawn_guest(const char *path, char *const argv[], char *const envp[],
    const int *fds, size_t nfds, const struct spawn_limits *limits,
    struct err *err)
{
	(void)argv;
	(void)envp;
	(void)fds;
	(void)nfds;
	(void)limits;
	return err_set(err, ERR_TEMP, "%s is not run here", path);
}

int
__wrap_service_main(const struct service *svc, int argc, char **argv)
{
	self.svc = svc;
	frames_self = svc->role;
	start();
	(void)__real_service_main(svc, argc, argv);
	longjmp(self.ran, 1); /* main() would clean up */
}

/* ---- its master ---- */

static void
on_link(struct ev_io *io, unsigned events)
{
	struct peer *p = OUTER(io, struct peer, io);
	struct msg m;
	int with;

	(void)events;
	if (!frames_hear(io->fd, &m, &with)) {
		frames_part(p);
		return;
	}
	fd_close(&with);
	if (m.type != MSG_none && !msg_is_reply(m.type))
		p->id = m.id;
}

static void
on_channel(struct ev_io *io, unsigned events)
{
	struct peer *p = OUTER(io, struct peer, io);
	struct msg m;
	int with;

	(void)events;
	if (frames_hear(io->fd, &m, &with)) {
		fd_close(&with);
		return;
	}
	frames_part(p);
	if (--self.ending == 0)
		ev_stop();
}

static void
on_connect(const struct msg *m)
{
	const enum role role = (enum role)(m->master_connect.role % ROLE_COUNT);
	struct peer *p = &self.links[role];
	int theirs;

	must((self.svc->reach & REACH(role)) != 0);
	if (p->io.fd != -1)
		frames_part(p);
	theirs = frames_pair(p, role, on_link);
	must(TELL(self.master, master_connected, .id = m->id, .ok = true,
	    .sock = theirs));
	close(theirs);
}

static void
on_control(struct ev_io *io, unsigned events)
{
	struct msg m;
	int with;

	(void)events;
	must(frames_hear(io->fd, &m, &with));
	fd_close(&with);
	if (m.type == MSG_master_connect)
		on_connect(&m);
	if (m.type == MSG_master_admit)
		must(
		    TELL(self.master, master_admitted, .id = m.id, .ok = true));
	if (m.type != MSG_master_ready || self.ready)
		return;
	if (!m.master_ready.ok)
		fprintf(stderr, "%s: %.*s\n", self.svc->name,
		    SLICE_FMT(m.master_ready.why));
	must(m.master_ready.ok);
	self.ready = true;
	ev_stop();
}

/* ---- its place ---- */

static void
put(int dir, const char *name, const char *text)
{
	must(durable_replace(dir, name, slice_str(text), 0600, NULL) == 0);
}

static void
put_certificate(int dir)
{
	struct buf cert = { .max = CERT_PEM_MAX },
		   key = { .max = CERT_PEM_MAX };

	must(selfsigned_make(
		 SLICE("mx.pabal.test"), NULL, 0, 10, &cert, &key, NULL) == 0);
	put(dir, "cert.pem", buf_cstr(&cert));
	put(dir, "key.pem", buf_cstr(&key));
	buf_fini(&cert);
	buf_fini(&key);
}

static int
make_dir(const char *top, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", top, name);
	must(mkdir(path, 0700) == 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd != -1);
	return fd;
}

static void
hand_dirs(const char *top)
{
	const int spool = make_dir(top, "spool"), mail = make_dir(top, "mail"),
		  tables = make_dir(top, "tables"), tls = make_dir(top, "tls");

	put(tables, "accounts",
	    "alice@pabal.test home=pabal.test/alice\n"
	    "bob@pabal.test home=pabal.test/bob quota=1K\n");
	put(tables, "aliases",
	    "s@pabal.test: alice, x@far.test, |cat, t\n"
	    "t@pabal.test: s, :include:/etc/list\n");
	put(tables, "transports",
	    "r.test smtp:[10.0.0.1]:2525\n"
	    "e.test error:5.1.2 gone\n");
	put(tables, "passwords", "alice@pabal.test {PLAIN}secret\n");
	put_certificate(tls);
	must(TELL(
	    self.master, master_dir, .name = SLICE("spool"), .dir = spool));
	must(TELL(self.master, master_dir, .name = SLICE("mail"), .dir = mail));
	must(TELL(
	    self.master, master_dir, .name = SLICE("tables"), .dir = tables));
	must(TELL(self.master, master_dir, .name = SLICE("tls"), .dir = tls));
}

static void
hand_file(const char *name, int fd)
{
	must(lseek(fd, 0, SEEK_SET) == 0);
	must(TELL(
	    self.master, master_file, .name = slice_str(name), .file = fd));
	close(fd);
}

static void
hand_configuration(const char *top)
{
	const int shared = memfd_create("pabal.conf", MFD_CLOEXEC);
	const int own = memfd_create("own.conf", MFD_CLOEXEC);
	char name[32];

	must(dprintf(shared,
		 "hostname = mx.pabal.test\ndomains = pabal.test\n"
		 "log_level = error\naccounts = text:accounts\n"
		 "aliases = text:aliases\nspool_directory = %s/spool\n"
		 "mail_directory = %s/mail\ntable_directory = %s/tables\n"
		 "tls_certificate = %s/tls/cert.pem\n"
		 "tls_key = %s/tls/key.pem\n",
		 top, top, top, top, top) > 0);
	hand_file("pabal.conf", shared);
	if (self.svc->role == ROLE_AUTH)
		must(dprintf(own, "passwords = text:passwords\n") > 0);
	if (self.svc->role == ROLE_LOOKUP)
		must(dprintf(own, "transports = text:transports\n") > 0);
	snprintf(name, sizeof name, "%s.conf", self.svc->name);
	hand_file(name, own);
}

static void
start(void)
{
	static char top[] = "/tmp/pabal-fuzz.XXXXXX";

	must(mkdtemp(top) != NULL);
	must(TELL(self.master, master_setup, .uid = getuid(), .gid = getgid(),
	    .count = 1, .service = SLICE(""), .place = SLICE("pabal.test")));
	hand_configuration(top);
	hand_dirs(top);
	must(TELL(self.master, master_go, .what = GO_START));
}

/* When the daemon has its loop: then ours is the same one. */
void __real_ev_init(void);
void __wrap_ev_init(void);
void
__wrap_ev_init(void)
{
	__real_ev_init();
	ev_io_init(&self.io, self.master, on_control);
	ev_io_set(&self.io, EV_READ);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *args[] = { (*argv)[0], NULL };
	int pair[2];

	(void)argc;
	must(fcntl(CONTROL_FD, F_GETFD) == -1);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0, pair) == 0);
	self.master = fcntl(pair[0], F_DUPFD_CLOEXEC, 10);
	must(dup2(pair[1], CONTROL_FD) == CONTROL_FD);
	if (pair[0] != CONTROL_FD)
		close(pair[0]);
	if (pair[1] != CONTROL_FD)
		close(pair[1]);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		self.channels[i].io.fd = self.links[i].io.fd = -1;
	if (setjmp(self.ran) == 0)
		(void)daemon_main(1, args);
	must(self.ready);
	return 0;
}

/* ---- an input ---- */

/* For one account, where it serves those. */
static struct peer *
channel_of(enum role role)
{
	struct peer *p = &self.channels[role];
	const bool session =
	    (role == ROLE_LOGIN || role == ROLE_HTTPD) &&
	    role_facts(self.svc->role)->serves == SERVES_ACCOUNT;
	int theirs;

	if (p->io.fd != -1)
		return p;
	theirs = frames_pair(p, role, on_channel);
	self.ending++;
	must(TELL(self.master, master_peer, .connection = 1, .role = role,
	    .uid = 65534,
	    .account = session ? SLICE("alice@pabal.test") : SLICE(""),
	    .home = session ? SLICE("pabal.test/alice") : SLICE(""),
	    .sock = theirs));
	close(theirs);
	return p;
}

struct peer *
frames_speaker(enum role role, enum msg_type type)
{
	struct peer *link = &self.links[role];

	/* What it asked for itself; requests come on others' channels. */
	return link->io.fd != -1 && msg_is_reply(type) ? link
						       : channel_of(role);
}

void
frames_heard(void)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (self.channels[r].io.fd != -1)
			hostile_goodbye(self.channels[r].io.fd);
	while (self.ending > 0)
		ev_run();
	frames_run(SETTLE_TURNS);
}
