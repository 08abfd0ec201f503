/* SPDX-License-Identifier: ISC */
/*
 * What somebody who took over a daemon would try, tried from inside: linked
 * into every daemon of build/probe in front of sandbox_enter (ld --wrap), and
 * run when the sandbox has been entered.  Each attempt is logged as
 * `probe.result what=… got=…`, got being "ok" or the name of the error.
 * tests/flow/test_privileges.py compares that with `pabal privileges`.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/mem.h"
#include "log/log.h"
#include "proc/narrow.h"
#include "proc/sandbox.h"
#include "tests/probe.h"

int __real_sandbox_enter(const struct sandbox *box, struct err *err);
int __wrap_sandbox_enter(const struct sandbox *box, struct err *err);
int __real_sandbox_narrow(const struct sandbox *box, struct err *err);
int __wrap_sandbox_narrow(const struct sandbox *box, struct err *err);

/* A call that seccomp traps: give the attempt EPERM instead of the end. */
static void
on_sigsys(int signo, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)signo;
	(void)info;
#ifdef __x86_64__
	u->uc_mcontext.gregs[REG_RAX] = -EPERM;
#else
	u->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#endif
}

static int
close_it(int fd)
{
	if (fd != -1)
		close(fd);
	return fd == -1 ? -1 : 0;
}

static int
try_read(void)
{
	return close_it(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int
try_proc(void)
{
	return close_it(open("/proc/self/environ", O_RDONLY | O_CLOEXEC));
}

static int
try_root(void)
{
	return close_it(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int
try_write(void)
{
	return close_it(
	    open("/tmp/pabal-probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int
connect_to(uint16_t port)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int saved, rc;

	if (fd == -1)
		return -1;
	/* To be refused is to have been let out. */
	rc = connect(fd, (const void *)&sin, sizeof sin);
	if (rc == -1 && errno == ECONNREFUSED)
		rc = 0;
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

/* Where mail and DNS go. */
static int
try_connect(void)
{
	return connect_to(25) == 0 ? 0 : connect_to(53);
}

static int
try_connect_elsewhere(void)
{
	return connect_to(1);
}

static int
try_listen(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd == -1)
		return -1;
	rc = listen(fd, 1);
	close(fd);
	return rc;
}

static int
try_dgram(void)
{
	return close_it(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int
try_raw(void)
{
	return close_it(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1));
}

static int
try_unix(void)
{
	const struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "/nonexistent/socket" };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd == -1)
		return -1;
	rc = connect(fd, (const void *)&sun, sizeof sun);
	if (rc == -1 && errno == ENOENT)
		rc = 0;
	close(fd);
	return rc;
}

static int
try_memfd(void)
{
	return close_it(memfd_create("probe", MFD_CLOEXEC));
}

/* Is the working directory the host's, though the root is empty? */
static int
try_host_unix(void)
{
	const struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "etc/passwd" };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd == -1)
		return -1;
	rc = connect(fd, (const void *)&sun, sizeof sun);
	/* what is there and is no socket */
	if (rc == -1 && (errno == ECONNREFUSED || errno == EACCES))
		rc = 0;
	close(fd);
	return rc;
}

static int
try_exec(void)
{
	char name[] = "true";
	char *argv[] = { name, NULL };
	char *envp[] = { NULL };

	return execve("/bin/true", argv, envp);
}

static int
try_fork(void)
{
	/* Not fork(): glibc's blocks every signal first, and a trap into a
	 * blocked signal ends the process. */
	const pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == -1)
		return -1;
	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
	return 0;
}

static int
try_setuid(void)
{
	return setuid(0);
}

static int
try_chroot(void)
{
	return chroot("/");
}

static int
try_ptrace(void)
{
	const pid_t parent = getppid();

	if (ptrace(PTRACE_ATTACH, parent, NULL, NULL) == -1)
		return -1;
	/* It works where nothing forbids it (pipe): master must run on. */
	(void)waitpid(parent, NULL, __WALL);
	(void)ptrace(PTRACE_DETACH, parent, NULL, NULL);
	return 0;
}

static int
try_kill(void)
{
	return kill(getppid(), 0);
}

/* ---- arguments that are somebody else's business ---- */

enum { NOBODY_S_PID = 0x3ffffff0 }; /* ESRCH for who may ask */

static const struct sandbox *ours;

/* Both ends of a pair of sockets, for attempts on a socket. */
static int
on_pair(int (*attempt)(int fd))
{
	int pair[2];
	int rc;
	int saved;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return 0; /* each daemon has it: not to have it is a mistake */
	rc = attempt(pair[0]);
	saved = errno;
	close(pair[0]);
	close(pair[1]);
	errno = saved;
	return rc;
}

/* A UNIX socket does not know the flag, and sends. */
static int
sendto_fastopen(int fd)
{
	return sendto(fd, "x", 1, MSG_FASTOPEN, NULL, 0) == 1 ? 0 : -1;
}

static int
try_sendto_fastopen(void)
{
	return on_pair(sendto_fastopen);
}

static int
sendmsg_fastopen(int fd)
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	const struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(fd, &h, MSG_FASTOPEN) == 1 ? 0 : -1;
}

static int
try_sendmsg_fastopen(void)
{
	return on_pair(sendmsg_fastopen);
}

static int
set_option(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof on);
}

static int
fastopen_connect(int fd)
{
	return set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT);
}

static int
try_fastopen_connect(void)
{
	return on_pair(fastopen_connect);
}

static int
upper_layer(int fd)
{
	return set_option(fd, IPPROTO_TCP, TCP_ULP);
}

static int
try_upper_layer(void)
{
	return on_pair(upper_layer);
}

static int
credentials(int fd)
{
	return set_option(fd, SOL_SOCKET, SO_PASSCRED);
}

static int
try_credentials(void)
{
	return on_pair(credentials);
}

static int
shutdown_read(int fd)
{
	return shutdown(fd, SHUT_RD);
}

static int
try_shutdown_read(void)
{
	return on_pair(shutdown_read);
}

static int
shutdown_both(int fd)
{
	return shutdown(fd, SHUT_RDWR);
}

static int
try_shutdown_both(void)
{
	return on_pair(shutdown_both);
}

static int
owner(int fd)
{
	return fcntl(fd, F_SETOWN, getppid());
}

static int
try_owner(void)
{
	return on_pair(owner);
}

static int
device(int fd)
{
	int n;

	return ioctl(fd, FIONREAD, &n);
}

static int
try_device(void)
{
	return on_pair(device);
}

static int
try_socketpair(int family, int type)
{
	int pair[2];

	if (socketpair(family, type | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int
try_pair_dgram(void)
{
	return try_socketpair(AF_UNIX, SOCK_DGRAM);
}

static int
try_pair_inet(void)
{
	return try_socketpair(AF_INET, SOCK_STREAM);
}

static int
try_limit(void)
{
	struct rlimit r;

	return prlimit(NOBODY_S_PID, RLIMIT_NOFILE, NULL, &r);
}

static int
try_signal(void)
{
	return (int)syscall(SYS_tgkill, NOBODY_S_PID, NOBODY_S_PID, 0);
}

static int
try_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		   ? -1
		   : 0;
}

static int
try_make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 0 : mprotect(page, 4096, PROT_EXEC);
}

/* The log's own lines could be written over then. */
static int
try_append(void)
{
	return fcntl(2, F_SETFL, O_WRONLY);
}

static int
try_setid(void)
{
	const char *name = "pabal-probe";
	int fd;

	if (ours->ndirs == 0) {
		errno = EPERM;
		return -1;
	}
	fd = openat(ours->dirs[0], name, O_WRONLY | O_CREAT | O_CLOEXEC, 04700);
	if (fd != -1)
		(void)unlinkat(ours->dirs[0], name, 0);
	return close_it(fd);
}

/* A directory of its own, opened to everybody of the host. */
static int
try_open_door(void)
{
	if (ours->ndirs == 0) {
		errno = EPERM;
		return -1;
	}
	return fchmod(ours->dirs[0], 0755);
}

static int
try_namespace(void)
{
	const pid_t pid = (pid_t)syscall(
	    SYS_clone, 0x10000000 /* CLONE_NEWUSER */ | SIGCHLD, 0, 0, 0, 0);

	if (pid == -1)
		return -1;
	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
	return 0;
}

static int
try_mount(void)
{
	return (int)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static int
try_io_uring(void)
{
	char params[120] = { 0 };

	return close_it((int)syscall(SYS_io_uring_setup, 1, params));
}

static int
try_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int
try_unshare(void)
{
	return (int)syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}

static int
try_memory_of_parent(void)
{
	return (int)syscall(
	    SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

/* clang-format off */
static const struct attempt {
	const char *what;
	int (*attempt)(void);
} attempts[] = {
	{ "read",    try_read },    { "proc",    try_proc },
	{ "root",    try_root },    { "write",   try_write },
	{ "connect", try_connect }, { "listen",  try_listen },
	{ "connect-elsewhere", try_connect_elsewhere },
	{ "dgram",   try_dgram },   { "raw",     try_raw },
	{ "unix",    try_unix },    { "fork",    try_fork },
	{ "memfd",   try_memfd },   { "host-unix", try_host_unix },
	{ "setuid",  try_setuid },  { "chroot",  try_chroot },
	{ "ptrace",  try_ptrace },  { "kill",    try_kill },
	{ "mount",   try_mount },   { "io_uring", try_io_uring },
	{ "bpf",     try_bpf },     { "unshare", try_unshare },
	{ "memory",  try_memory_of_parent },
	{ "exec",    try_exec }, /* last: nothing runs behind it if it works */
};

/* Calls of everybody's with arguments that are nobody's. */
static const struct attempt arguments[] = {
	{ "sendto-fastopen", try_sendto_fastopen },
	{ "sendmsg-fastopen", try_sendmsg_fastopen },
	{ "fastopen-connect", try_fastopen_connect },
	{ "upper-layer", try_upper_layer }, { "credentials", try_credentials },
	{ "shutdown-read", try_shutdown_read },
	{ "shutdown-both", try_shutdown_both },
	{ "owner",   try_owner },   { "device",  try_device },
	{ "pair-dgram", try_pair_dgram }, { "pair-inet", try_pair_inet },
	{ "limit",   try_limit },   { "signal",  try_signal },
	{ "map-code", try_map_code }, { "make-code", try_make_code },
	{ "append",  try_append },  { "setid",   try_setid },
	{ "open-door", try_open_door }, { "namespace", try_namespace },
};
/* clang-format on */

static void
run(const struct attempt *a)
{
	int rc;

	errno = 0;
	rc = a->attempt();
	log_info("probe.result", kv_s("what", a->what),
	    kv_s("got", rc == -1 ? strerrorname_np(errno) : "ok"));
}

static void
attempt_all(const struct sandbox *box, bool narrowed)
{
	struct sigaction handler = { .sa_sigaction = on_sigsys,
		.sa_flags = SA_SIGINFO };
	const bool spawns = (box->may & MAY_SPAWN) != 0;
	struct sigaction theirs;

	ours = box;
	(void)sigaction(SIGSYS, &handler, &theirs);
	log_info("probe.uid", kv_u("uid", getuid()), kv_u("gid", getgid()));
	for (size_t i = 0; i < ARRAY_LEN(arguments) && !spawns; i++)
		run(&arguments[i]);
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
		/* Who runs commands may do what any user may. */
		if (!spawns || (attempts[i].attempt != try_exec &&
				   attempts[i].attempt != try_unshare))
			run(&attempts[i]);
	probe_neighbours(box, narrowed);
	(void)log_flush();
	(void)sigaction(SIGSYS, &theirs, NULL);
}

/* A nursery may do more; its children are what strangers speak with. */
int
__wrap_sandbox_enter(const struct sandbox *box, struct err *err)
{
	const int rc = __real_sandbox_enter(box, err);

	if (rc == 0 && !box->nursery)
		attempt_all(box, false);
	return rc;
}

int
__wrap_sandbox_narrow(const struct sandbox *box, struct err *err)
{
	const int rc = __real_sandbox_narrow(box, err);

	if (rc == 0)
		attempt_all(box, true);
	return rc;
}
