/* SPDX-License-Identifier: ISC */
/*
 * What somebody who took over a daemon would try, tried from inside: linked
 * into every daemon of build/probe in front of sandbox_enter (ld --wrap), and
 * run when the doors have closed.  Each attempt is logged as
 * `probe.result what=… got=…`, got being "ok" or the name of the error.
 * tests/flow/test_privileges.py compares that with `pabal privileges`.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/mem.h"
#include "log/log.h"
#include "proc/sandbox.h"

int __real_sandbox_enter(const struct sandbox *box, struct err *err);
int __wrap_sandbox_enter(const struct sandbox *box, struct err *err);

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
try_connect(void)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(1),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd == -1)
		return -1;
	/* Nobody listens there: to be refused is to have been let out. */
	rc = connect(fd, (const void *)&sin, sizeof sin);
	if (rc == -1 && errno == ECONNREFUSED)
		rc = 0;
	close(fd);
	return rc;
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
	const pid_t pid = fork();

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
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int
try_kill(void)
{
	return kill(getppid(), 0);
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
static const struct {
	const char *what;
	int (*attempt)(void);
} attempts[] = {
	{ "read",    try_read },    { "proc",    try_proc },
	{ "root",    try_root },    { "write",   try_write },
	{ "connect", try_connect }, { "listen",  try_listen },
	{ "dgram",   try_dgram },   { "raw",     try_raw },
	{ "unix",    try_unix },    { "fork",    try_fork },
	{ "setuid",  try_setuid },  { "chroot",  try_chroot },
	{ "ptrace",  try_ptrace },  { "kill",    try_kill },
	{ "mount",   try_mount },   { "io_uring", try_io_uring },
	{ "bpf",     try_bpf },     { "unshare", try_unshare },
	{ "memory",  try_memory_of_parent },
	{ "exec",    try_exec }, /* last: nothing runs behind it if it works */
};
/* clang-format on */

int
__wrap_sandbox_enter(const struct sandbox *box, struct err *err)
{
	struct sigaction ours = { .sa_sigaction = on_sigsys,
		.sa_flags = SA_SIGINFO };
	struct sigaction theirs;
	int rc;

	rc = __real_sandbox_enter(box, err);
	if (rc == -1)
		return rc;
	(void)sigaction(SIGSYS, &ours, &theirs);
	log_info("probe.uid", kv_u("uid", getuid()), kv_u("gid", getgid()));
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		const char *name;

		/* Who runs commands may do what any user may. */
		if ((attempts[i].attempt == try_exec ||
			attempts[i].attempt == try_unshare) &&
		    (box->may & MAY_SPAWN) != 0)
			continue;
		errno = 0;
		rc = attempts[i].attempt();
		name = rc == -1 ? strerrorname_np(errno) : "ok";
		log_info("probe.result", kv_s("what", attempts[i].what),
		    kv_s("got", name));
	}
	log_flush();
	(void)sigaction(SIGSYS, &theirs, NULL);
	return 0;
}
