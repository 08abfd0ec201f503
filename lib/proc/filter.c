/* SPDX-License-Identifier: ISC */
/*
 * Two filters, because the kernel lets the stricter answer count: the
 * first to be asked traps every call but those with a name that is allowed,
 * which ends the process; the second looks at arguments, too, and answers EPERM
 * (SCMP_ACT_TRAP and SCMP_ACT_ERRNO of seccomp_init(3)).  A library that tries
 * something it can do without (another socket family, a file) thus lives on,
 * and a call that no honest daemon makes is in the log.
 *
 * Arguments are compared as the kernel takes them: int and unsigned ones are 32
 * bits whatever stands above them.  What a pointer leads to cannot be seen:
 * openat2's mode is one such (doc/security.md).
 */
#include "proc/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "log/log.h"
#include "proc/sandbox.h"

enum {
	READS = MAY_READ | MAY_WRITE,
	TCP = MAY_CONNECT,
	INET = MAY_CONNECT | MAY_DGRAM,
	SOCKETS = MAY_CONNECT | MAY_DGRAM | MAY_UNIX,
	/* set-id bits, and the way in for others to a directory */
	OTHERS = S_ISUID | S_ISGID | S_IXOTH,
	TYPE = 0xf, /* of socket(2): SOCK_STREAM… without SOCK_CLOEXEC… */
};

#define WHOLE UINT32_MAX
#define NEW_NAMESPACES                                                         \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define FOREIGN (NEW_NAMESPACES | CLONE_PTRACE | CLONE_PARENT)

/* clang-format off */
/* Calls by right; 0 is what every process needs. */
static const struct {
	unsigned may;
	const char *name;
} calls[] = {
	{ 0, "read" }, { 0, "write" }, { 0, "readv" }, { 0, "writev" },
	{ 0, "pread64" }, { 0, "pwrite64" }, { 0, "preadv" }, { 0, "pwritev" },
	{ 0, "recvfrom" }, { 0, "recvmsg" }, { 0, "recvmmsg" },
	{ 0, "close" }, { 0, "close_range" }, { 0, "lseek" }, { 0, "fstat" }, { 0, "newfstatat" },
	{ 0, "dup" }, { 0, "dup2" }, { 0, "dup3" },
	{ 0, "getsockopt" }, { 0, "getsockname" },
	{ 0, "getpeername" },
	{ 0, "epoll_create1" }, { 0, "epoll_ctl" }, { 0, "epoll_wait" },
	{ 0, "epoll_pwait" }, { 0, "poll" }, { 0, "ppoll" },
	{ 0, "signalfd4" }, { 0, "eventfd2" }, { 0, "timerfd_create" },
	{ 0, "timerfd_settime" },
	{ 0, "munmap" }, { 0, "mremap" },
	{ 0, "madvise" }, { 0, "brk" },
	{ 0, "futex" }, { 0, "getrandom" }, { 0, "sched_yield" },
	{ 0, "clock_gettime" }, { 0, "clock_nanosleep" }, { 0, "nanosleep" },
	{ 0, "gettimeofday" }, { 0, "time" }, { 0, "times" },
	{ 0, "getpid" }, { 0, "gettid" }, { 0, "getuid" }, { 0, "geteuid" },
	{ 0, "getgid" }, { 0, "getegid" }, { 0, "getppid" },
	{ 0, "rt_sigaction" }, { 0, "rt_sigprocmask" }, { 0, "rt_sigreturn" },
	{ 0, "sigaltstack" }, { 0, "restart_syscall" }, { 0, "getrusage" },
	{ 0, "exit" }, { 0, "exit_group" }, { 0, "rseq" },
	{ 0, "set_robust_list" }, { 0, "sysinfo" }, { 0, "uname" },
	{ 0, "umask" }, { 0, "membarrier" }, { 0, "getcpu" },
	{ 0, "sched_getaffinity" },
	{ MAY_ACCEPT, "accept4" },
	{ SOCKETS, "connect" },
	{ INET, "bind" },
	{ READS, "openat2" },
	{ READS, "getdents64" }, { READS, "statx" },
	{ READS, "fstatfs" }, { READS, "fchdir" }, { READS, "flock" },
	{ READS, "readlinkat" }, { READS, "faccessat2" },
	{ READS, "fadvise64" },
	{ READS, "inotify_init1" }, { READS, "inotify_add_watch" }, { READS, "inotify_rm_watch" },
	{ MAY_WRITE, "renameat" }, { MAY_WRITE, "renameat2" },
	{ MAY_WRITE, "unlinkat" },
	{ MAY_WRITE, "linkat" }, { MAY_WRITE, "ftruncate" },
	{ MAY_WRITE, "fallocate" }, { MAY_WRITE, "fchown" },
	{ MAY_WRITE, "utimensat" }, { MAY_WRITE, "copy_file_range" },
	{ MAY_WRITE, "sendfile" }, { MAY_WRITE, "fsync" },
	{ MAY_WRITE, "fdatasync" }, { MAY_WRITE, "syncfs" },
	{ MAY_WRITE, "msync" }, { MAY_WRITE, "sync_file_range" },
	{ MAY_WRITE, "mincore" },
	{ MAY_MEMFD, "memfd_create" },
	{ MAY_FORK, "wait4" }, { MAY_FORK, "fork" },
	{ MAY_NARROW, "landlock_create_ruleset" },
	{ MAY_NARROW, "landlock_add_rule" },
	{ MAY_NARROW, "landlock_restrict_self" }, { MAY_NARROW | MAY_CONFINE, "seccomp" },
};

/* An argument: which one, the bits looked at, what they must be. */
struct arg {
	unsigned at;
	uint32_t bits;
	uint32_t value;
};

#define NONE { 0, 0, 0 }
#define OPTION(may, level, option)                                             \
	{ may, "setsockopt", { 1, WHOLE, level }, { 2, WHOLE, option } }
#define COMMAND(may, command)                                                  \
	{ may, "fcntl", { 1, WHOLE, command }, NONE }

/* Calls with arguments; several lines for a name are alternatives. */
static const struct with_args {
	unsigned may;
	const char *name;
	struct arg first;
	struct arg second; /* may be NONE */
} calls_with_args[] = {
	/* no connection without connect(2) */
	{ 0, "sendto", { 3, MSG_FASTOPEN, 0 }, NONE },
	{ 0, "sendmsg", { 2, MSG_FASTOPEN, 0 }, NONE },
	{ 0, "sendmmsg", { 3, MSG_FASTOPEN, 0 }, NONE },
	/* the others' side of a shared listener stays as it is */
	{ 0, "shutdown", { 1, WHOLE, SHUT_WR }, NONE },
	{ 0, "socketpair", { 0, WHOLE, AF_UNIX }, { 1, TYPE, SOCK_STREAM } },
	{ 0, "socketpair", { 0, WHOLE, AF_UNIX }, { 1, TYPE, SOCK_SEQPACKET } },
	{ TCP, "socket", { 0, WHOLE, AF_INET }, { 1, TYPE, SOCK_STREAM } },
	{ TCP, "socket", { 0, WHOLE, AF_INET6 }, { 1, TYPE, SOCK_STREAM } },
	{ MAY_DGRAM, "socket", { 0, WHOLE, AF_INET }, { 1, TYPE, SOCK_DGRAM } },
	{ MAY_DGRAM, "socket", { 0, WHOLE, AF_INET6 }, { 1, TYPE, SOCK_DGRAM } },
	{ MAY_UNIX, "socket", { 0, WHOLE, AF_UNIX }, { 1, TYPE, SOCK_STREAM } },
	OPTION(0, SOL_SOCKET, SO_KEEPALIVE),
	OPTION(0, SOL_SOCKET, SO_LINGER),
	OPTION(0, SOL_SOCKET, SO_SNDBUF),
	OPTION(0, SOL_SOCKET, SO_RCVBUF),
	OPTION(0, IPPROTO_TCP, TCP_NODELAY),
	OPTION(0, IPPROTO_TCP, TCP_QUICKACK),
	OPTION(0, IPPROTO_TCP, TCP_CORK),
	OPTION(0, IPPROTO_TCP, TCP_KEEPIDLE),
	OPTION(0, IPPROTO_TCP, TCP_KEEPINTVL),
	OPTION(0, IPPROTO_TCP, TCP_KEEPCNT),
	OPTION(0, IPPROTO_TCP, TCP_USER_TIMEOUT),
	OPTION(0, IPPROTO_TCP, TCP_NOTSENT_LOWAT),
	OPTION(INET, SOL_SOCKET, SO_REUSEADDR),
	OPTION(INET, IPPROTO_IPV6, IPV6_V6ONLY),
	OPTION(TCP, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
	/* libunbound */
	OPTION(MAY_DGRAM, IPPROTO_IP, IP_MTU_DISCOVER),
	OPTION(MAY_DGRAM, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
	OPTION(MAY_DGRAM, IPPROTO_IPV6, IPV6_MTU_DISCOVER),
	OPTION(MAY_DGRAM, IPPROTO_IPV6, IPV6_MTU),
	OPTION(MAY_DGRAM, IPPROTO_TCP, TCP_MAXSEG),
	/* F_SETFL would take O_APPEND from the log, F_SETOWN aim a signal */
	COMMAND(0, F_DUPFD_CLOEXEC),
	COMMAND(0, F_GETFD), COMMAND(0, F_SETFD),
	COMMAND(0, F_GETFL),
	{ MAY_DGRAM, "fcntl", { 1, WHOLE, F_SETFL }, { 2, WHOLE, O_RDWR | O_NONBLOCK } },
	COMMAND(READS, F_GETLK), COMMAND(READS, F_SETLK),
	COMMAND(READS, F_SETLKW), COMMAND(READS, F_OFD_GETLK),
	COMMAND(READS, F_OFD_SETLK), COMMAND(READS, F_OFD_SETLKW),
	COMMAND(MAY_MEMFD, F_ADD_SEALS),
	COMMAND(MAY_WRITE, F_SETLEASE), COMMAND(MAY_WRITE, F_GETLEASE),
	{ MAY_DGRAM, "ioctl", { 1, WHOLE, FIONBIO }, NONE },
	/* how a file of its own is stored (lib/sys/kv) */
	{ MAY_WRITE, "ioctl", { 1, WHOLE, (uint32_t)FS_IOC_SETFLAGS }, NONE },
	/* no code that was not there at the start */
	{ 0, "mmap", { 2, PROT_EXEC, 0 }, NONE },
	{ 0, "mprotect", { 2, PROT_EXEC, 0 }, NONE },
	{ READS, "openat", { 3, OTHERS, 0 }, NONE },
	{ MAY_WRITE, "mkdirat", { 2, OTHERS, 0 }, NONE },
	{ MAY_WRITE, "fchmod", { 1, OTHERS, 0 }, NONE },
	{ MAY_WRITE, "fchmodat", { 2, OTHERS, 0 }, NONE },
	/* other processes are not its business */
	{ 0, "prlimit64", { 0, WHOLE, 0 }, NONE },
	{ MAY_FORK, "kill", { 1, WHOLE, SIGKILL }, NONE },
	{ MAY_FORK, "clone", { 0, FOREIGN | CLONE_THREAD | CLONE_VM, 0 }, NONE },
	{ MAY_SYNC, "clone", { 0, FOREIGN | CLONE_THREAD, CLONE_THREAD }, NONE },
};

/* What the C library and others try of their own accord, and live without. */
static const char *const never_trapped[] = { "openat", "access", "readlink", "prctl",
	"connect", "open", "stat", "execve", "bind", "statfs",
	"sched_setaffinity", "ioctl", "socket" };
/* clang-format on */

static bool
has_right(unsigned needed, unsigned may)
{
	return needed == 0 || (needed & may) != 0;
}

/* Several lines for one name make it one call. */
static bool
is_first(size_t i, unsigned may)
{
	for (size_t k = 0; k < i; k++)
		if (has_right(calls_with_args[k].may, may) &&
		    slice_is(slice_str(calls_with_args[k].name),
			calls_with_args[i].name))
			return false;
	return true;
}

void
filter_describe(struct buf *out, unsigned may)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (has_right(calls[i].may, may))
			buf_addf(out, "%s ", calls[i].name);
	for (size_t i = 0; i < ARRAY_LEN(calls_with_args); i++)
		if (has_right(calls_with_args[i].may, may) && is_first(i, may))
			buf_addf(out, "%s ", calls_with_args[i].name);
	buf_adds(out, "tgkill ");
}

/* A call this architecture does not have needs no rule; one that is a rule
 * already (as never_trapped ones can be) none either. */
static int
allow(scmp_filter_ctx ctx, const char *name)
{
	const int nr = seccomp_syscall_resolve_name(name);
	int rc = 0;

	if (nr != __NR_SCMP_ERROR && nr >= 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
	return rc == -EEXIST ? 0 : rc;
}

static struct scmp_arg_cmp
compare(const struct arg *a)
{
	return (struct scmp_arg_cmp){ .arg = a->at,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = a->bits,
		.datum_b = a->value };
}

static int
allow_with(scmp_filter_ctx ctx, const struct with_args *w)
{
	const int nr = seccomp_syscall_resolve_name(w->name);
	const struct scmp_arg_cmp args[] = { compare(&w->first),
		compare(&w->second) };

	if (nr == __NR_SCMP_ERROR || nr < 0)
		return 0;
	return seccomp_rule_add_array(
	    ctx, SCMP_ACT_ALLOW, nr, w->second.bits != 0 ? 2 : 1, args);
}

/* The calls of MAY that no argument restricts. */
static int
allow_calls(scmp_filter_ctx ctx, unsigned may)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (has_right(calls[i].may, may))
			rc |= allow(ctx, calls[i].name);
	return rc;
}

/* Load CTX, which is freed; RC is what building it gave. */
static int
load(scmp_filter_ctx ctx, int rc, struct err *err)
{
	/* a search instead of a list; no_new_privs is set, and the one with
	 * arguments would not have it set again */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0)
		return err_set(err, ERR_PERM, "seccomp: filter refused");
	return 0;
}

/* Names: any other call is a trap. */
static int
load_trap(unsigned may, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	int rc;

	if (ctx == NULL)
		return err_set(err, ERR_PERM, "seccomp: no filter");
	rc = allow_calls(ctx, may);
	for (size_t i = 0; i < ARRAY_LEN(calls_with_args); i++)
		if (has_right(calls_with_args[i].may, may))
			rc |= allow(ctx, calls_with_args[i].name);
	for (size_t i = 0; i < ARRAY_LEN(never_trapped); i++)
		rc |= allow(ctx, never_trapped[i]);
	rc |= allow(ctx, "tgkill");
	rc |= allow(ctx, "clone");
	rc |= allow(ctx, "clone3");
	return load(ctx, rc, err);
}

/* Arguments: whatever is not in a line fails. */
static int
load_errno(unsigned may, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	const struct with_args own = { 0, "tgkill",
		{ 0, WHOLE, (uint32_t)getpid() }, NONE };
	int rc;

	if (ctx == NULL)
		return err_set(err, ERR_PERM, "seccomp: no filter");
	rc = allow_calls(ctx, may);
	for (size_t i = 0; i < ARRAY_LEN(calls_with_args); i++)
		if (has_right(calls_with_args[i].may, may))
			rc |= allow_with(ctx, &calls_with_args[i]);
	/* a child of a nursery is another process: see proc/narrow.c */
	rc |= (may & MAY_NARROW) != 0 ? allow(ctx, "tgkill")
				      : allow_with(ctx, &own);
	rc |= allow(ctx, "seccomp"); /* for load_trap, whose filter lacks it */
	/* Threads and forks go through clone; glibc tries clone3 first, whose
	 * flags a filter cannot see, and falls back on this. */
	rc |=
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* libunbound connects by itself when told so, and not by EPERM */
	if ((may & MAY_DGRAM) != 0)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPIPE),
		    SCMP_SYS(sendmsg), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN));
	return load(ctx, rc, err);
}

/* The one signal handler of pabal: the process ends here, and the log
 * must say which call it was. */
static void
on_violation(int signo, siginfo_t *info, void *context)
{
	char *name = seccomp_syscall_resolve_num_arch(
	    SCMP_ARCH_NATIVE, info->si_syscall);

	(void)signo;
	(void)context;
	log_err("proc.violation", kv_s("syscall", name != NULL ? name : "?"),
	    kv_i("number", info->si_syscall));
	_exit(EX_SOFTWARE);
}

/* The one that traps comes last, because it shuts out seccomp(2) itself. */
int
filter_enter(unsigned may, struct err *err)
{
	const struct sigaction violation = { .sa_sigaction = on_violation,
		.sa_flags = SA_SIGINFO };

	(void)sigaction(SIGSYS, &violation, NULL);
	if (load_errno(may, err) == -1)
		return -1;
	return load_trap(may, err);
}
