/* SPDX-License-Identifier: ISC */
/*
 * A second filter on top of the nursery's: the kernel takes the stricter word
 * of the two.  It is a dozen instructions that stand here as they are, because
 * each process loads them: libseccomp would leave its working memory behind in
 * every one.  The nursery's filter has seen to the architecture.
 */
#include "proc/narrow.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW(arg)  offsetof(struct seccomp_data, args[arg])
#define HIGH(arg) (LOW(arg) + 4)
#else
#define HIGH(arg) offsetof(struct seccomp_data, args[arg])
#define LOW(arg)  (HIGH(arg) + 4)
#endif

#define LOAD(at)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(at))
#define IS(v, yes, no)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (v), (yes), (no))
#define HAS(v, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (v), (yes), (no))
#define ANSWER(v)       BPF_STMT(BPF_RET | BPF_K, (v))
/* The call NR ends here. */
#define NEVER(nr) IS((nr), 0, 1), ANSWER(SECCOMP_RET_TRAP)

int
narrow_enter(struct err *err)
{
	const struct sock_filter filter[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
#ifdef SYS_fork
		NEVER(SYS_fork),
#endif
		NEVER(SYS_wait4),
		NEVER(SYS_kill),
		NEVER(SYS_seccomp),
		NEVER(SYS_landlock_create_ruleset),
		NEVER(SYS_landlock_add_rule),
		NEVER(SYS_landlock_restrict_self),
		NEVER(SYS_fchmodat),
		/* Nobody else's threads. */
		IS(SYS_tgkill, 0, 4),
		LOAD(LOW(0)),
		IS((uint32_t)getpid(), 1, 0),
		ANSWER(SECCOMP_RET_ERRNO | EPERM),
		ANSWER(SECCOMP_RET_ALLOW),
		/* A thread, not a process. */
		IS(SYS_clone, 0, 4),
		LOAD(LOW(0)),
		HAS(CLONE_THREAD, 1, 0),
		ANSWER(SECCOMP_RET_TRAP),
		ANSWER(SECCOMP_RET_ALLOW),
		/* The times of an open file, not of a path. */
		IS(SYS_utimensat, 0, 5),
		LOAD(LOW(1)),
		IS(0, 0, 2),
		LOAD(HIGH(1)),
		IS(0, 1, 0),
		ANSWER(SECCOMP_RET_TRAP),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_filter own[ARRAY_LEN(filter)];
	const struct sock_fprog program = { .len = ARRAY_LEN(filter),
		.filter = own };

	memcpy(own, filter, sizeof own);

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == -1)
		return err_sys(err, ERR_PERM, "seccomp: narrower filter");
	return 0;
}
