/* SPDX-License-Identifier: ISC */
#include "proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "log/log.h"
#include "proc/landlock.h"

/* The sanitizers need /proc, threads and signals of their own. */
#ifdef PABAL_SANITIZE
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* clang-format off */
/* System calls by right; 0 is what every process needs. */
static const struct {
	unsigned may;
	const char *name;
} calls[] = {
	{ 0, "read" }, { 0, "write" }, { 0, "readv" }, { 0, "writev" },
	{ 0, "pread64" }, { 0, "pwrite64" }, { 0, "preadv" }, { 0, "pwritev" },
	{ 0, "recvfrom" }, { 0, "sendto" }, { 0, "recvmsg" }, { 0, "sendmsg" },
	{ 0, "close" }, { 0, "close_range" }, { 0, "lseek" }, { 0, "fstat" }, { 0, "newfstatat" },
	{ 0, "dup" }, { 0, "dup2" }, { 0, "fcntl" }, { 0, "shutdown" },
	{ 0, "getsockopt" }, { 0, "setsockopt" }, { 0, "getsockname" },
	{ 0, "getpeername" }, { 0, "socketpair" },
	{ 0, "epoll_create1" }, { 0, "epoll_ctl" }, { 0, "epoll_wait" },
	{ 0, "epoll_pwait" }, { 0, "poll" }, { 0, "ppoll" },
	{ 0, "signalfd4" }, { 0, "eventfd2" }, { 0, "timerfd_create" },
	{ 0, "timerfd_settime" },
	{ 0, "mmap" }, { 0, "munmap" }, { 0, "mremap" }, { 0, "mprotect" },
	{ 0, "madvise" }, { 0, "brk" },
	{ 0, "futex" }, { 0, "getrandom" }, { 0, "sched_yield" },
	{ 0, "clock_gettime" }, { 0, "clock_nanosleep" }, { 0, "nanosleep" },
	{ 0, "gettimeofday" }, { 0, "time" }, { 0, "times" },
	{ 0, "getpid" }, { 0, "gettid" }, { 0, "getuid" }, { 0, "geteuid" },
	{ 0, "getgid" }, { 0, "getegid" }, { 0, "getppid" }, { 0, "tgkill" },
	{ 0, "rt_sigaction" }, { 0, "rt_sigprocmask" }, { 0, "rt_sigreturn" },
	{ 0, "sigaltstack" }, { 0, "restart_syscall" }, { 0, "getrusage" },
	{ 0, "exit" }, { 0, "exit_group" }, { 0, "rseq" }, { 0, "prlimit64" },
	{ 0, "set_robust_list" }, { 0, "sysinfo" }, { 0, "uname" },
	{ 0, "umask" }, { 0, "membarrier" }, { 0, "getcpu" },
	{ 0, "sched_getaffinity" },
	{ MAY_ACCEPT, "accept4" },
	{ MAY_CONNECT | MAY_UNIX | MAY_DGRAM, "connect" },
	{ MAY_CONNECT | MAY_DGRAM, "bind" },
	{ MAY_DGRAM, "sendmmsg" }, { MAY_DGRAM, "recvmmsg" },
	{ MAY_DGRAM, "ioctl" },
	{ MAY_READ | MAY_WRITE, "openat" }, { MAY_READ | MAY_WRITE, "openat2" },
	{ MAY_READ | MAY_WRITE, "getdents64" }, { MAY_READ | MAY_WRITE, "statx" },
	{ MAY_READ | MAY_WRITE, "fstatfs" }, { MAY_READ | MAY_WRITE, "fchdir" }, { MAY_READ | MAY_WRITE, "flock" },
	{ MAY_READ | MAY_WRITE, "readlinkat" },
	{ MAY_READ | MAY_WRITE, "faccessat2" },
	{ MAY_READ | MAY_WRITE, "fadvise64" },
	{ MAY_READ | MAY_WRITE, "inotify_init1" },
	{ MAY_READ | MAY_WRITE, "inotify_add_watch" },
	{ MAY_READ | MAY_WRITE, "inotify_rm_watch" },
	{ MAY_WRITE, "renameat" }, { MAY_WRITE, "renameat2" },
	{ MAY_WRITE, "unlinkat" }, { MAY_WRITE, "mkdirat" },
	{ MAY_WRITE, "linkat" }, { MAY_WRITE, "ftruncate" },
	{ MAY_WRITE, "fallocate" }, { MAY_WRITE, "fchmod" }, { MAY_WRITE, "fchown" },
	{ MAY_WRITE, "utimensat" }, { MAY_WRITE, "copy_file_range" },
	{ MAY_WRITE, "sendfile" }, { MAY_WRITE, "fsync" },
	{ MAY_WRITE, "fdatasync" }, { MAY_WRITE, "syncfs" },
	{ MAY_WRITE, "msync" }, { MAY_WRITE, "sync_file_range" },
	{ MAY_WRITE, "fchmodat" }, { MAY_WRITE, "mincore" },
	{ MAY_FORK, "wait4" }, { MAY_FORK, "kill" }, { MAY_FORK, "fork" },
};

static const struct {
	unsigned may;
	const char *word;
} words[] = {
	{ MAY_ACCEPT, "accept" }, { MAY_CONNECT, "connect" },
	{ MAY_DGRAM, "dgram" }, { MAY_READ, "read" }, { MAY_WRITE, "write" },
	{ MAY_SYNC, "sync" }, { MAY_SPAWN, "spawn" }, { MAY_FORK, "fork" },
	{ MAY_UNIX, "unix" },
};
/* clang-format on */

void
sandbox_describe(struct buf *out, unsigned may)
{
	const char *sep = "";

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if ((may & words[i].may) == 0)
			continue;
		buf_addf(out, "%s%s", sep, words[i].word);
		sep = " ";
	}
}

void
sandbox_syscalls(struct buf *out, unsigned may)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i].may == 0 || (calls[i].may & may) != 0)
			buf_addf(out, "%s ", calls[i].name);
}

/* ---- seccomp ---- */

static int
allow(scmp_filter_ctx ctx, const char *name)
{
	const int nr = seccomp_syscall_resolve_name(name);

	/* A call this architecture does not have needs no rule. */
	if (nr == __NR_SCMP_ERROR || nr < 0)
		return 0;
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
}

static int
allow_socket(scmp_filter_ctx ctx, int family, int type)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0),
	    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)type));
}

/* Families that the C library tries of its own accord.  A rule for socket as
 * a whole would beat the ones that look at its arguments. */
static int
deny_family(scmp_filter_ctx ctx, int family)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0));
}

static int
allow_sockets(scmp_filter_ctx ctx, unsigned may)
{
	int rc = 0;

	if ((may & (MAY_CONNECT | MAY_DGRAM | MAY_UNIX)) == 0)
		return seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 0);
	if ((may & MAY_CONNECT) != 0) {
		rc |= allow_socket(ctx, AF_INET, SOCK_STREAM);
		rc |= allow_socket(ctx, AF_INET6, SOCK_STREAM);
	}
	if ((may & MAY_DGRAM) != 0) {
		rc |= allow_socket(ctx, AF_INET, SOCK_DGRAM);
		rc |= allow_socket(ctx, AF_INET6, SOCK_DGRAM);
	}
	if ((may & MAY_UNIX) != 0)
		rc |= allow_socket(ctx, AF_UNIX, SOCK_STREAM);
	else
		rc |= deny_family(ctx, AF_UNIX);
	return rc | deny_family(ctx, AF_NETLINK);
}

/* Threads and forks go through clone; glibc tries clone3 first, whose flags
 * a filter cannot see, and falls back on ENOSYS. */
static int
allow_clone(scmp_filter_ctx ctx, unsigned may)
{
	int rc =
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if ((may & MAY_SYNC) != 0)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if ((may & MAY_FORK) != 0)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	return rc;
}

/* The one signal handler of the house: the process ends here, and the log
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

static int
enter_seccomp(unsigned may, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	const struct sigaction violation = { .sa_sigaction = on_violation,
		.sa_flags = SA_SIGINFO };
	int rc = 0;

	if (ctx == NULL)
		return err_set(err, ERR_PERM, "seccomp: no filter");
	(void)sigaction(SIGSYS, &violation, NULL);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i].may == 0 || (calls[i].may & may) != 0)
			rc |= allow(ctx, calls[i].name);
	rc |= allow_sockets(ctx, may);
	rc |= allow_clone(ctx, may);
	/* The C library asks these of its own accord and lives with a no. */
	for (const char *const *name =
		 (const char *const[]){ "openat", "access", "ioctl", "readlink",
		     "prctl", "connect", "open", "stat", "execve", "bind",
		     "statfs", "sched_setaffinity", NULL };
	     *name != NULL; name++)
		(void)seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
		    seccomp_syscall_resolve_name(*name), 0);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0)
		return err_set(err, ERR_PERM, "seccomp: filter refused");
	return 0;
}

/* ---- root directory, uids ---- */

static int
drop_ids(const struct sandbox *box, struct err *err)
{
	if (box->empty_root != NULL && !sanitized &&
	    (chroot(box->empty_root) == -1 || chdir("/") == -1))
		return err_sys(err, ERR_PERM, "chroot to %s", box->empty_root);
	if (setgroups(1, &box->gid) == -1 ||
	    setresgid(box->gid, box->gid, box->gid) == -1 ||
	    setresuid(box->uid, box->uid, box->uid) == -1)
		return err_sys(err, ERR_PERM, "become uid %u gid %u",
		    (unsigned)box->uid, (unsigned)box->gid);
	if (box->uid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		return err_set(err, ERR_PERM, "uid 0 is still within reach");
	return 0;
}

static void
set_limits(unsigned may)
{
	struct rlimit files;
	const struct rlimit none = { 0, 0 };

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)setrlimit(RLIMIT_CORE, &none);
	if ((may & (MAY_WRITE | MAY_SPAWN | MAY_SYNC)) == 0)
		(void)setrlimit(RLIMIT_MEMLOCK, &none);
	umask(077);
}

int
sandbox_enter(const struct sandbox *box, struct err *err)
{
	set_limits(box->may);
	if (box->drop && drop_ids(box, err) == -1)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(err, ERR_PERM, "no_new_privs");
	/* the leak check attaches to its own threads, which a change of uid
	 * forbids */
	if (sanitized)
		return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if ((box->may & MAY_SPAWN) != 0)
		return 0;
	if (landlock_enter(box, err) == -1)
		return -1;
	return enter_seccomp(box->may, err);
}
