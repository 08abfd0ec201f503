/* SPDX-License-Identifier: ISC */
/*
 * Disks that fail, for unit tests: a test that uses this module has the system
 * calls that change files (write, pwrite, writev, fsync, fdatasync, syncfs,
 * ftruncate, openat with O_CREAT, mkdirat, linkat, symlinkat, renameat,
 * renameat2, unlinkat, futimens) replaced by ones that can be made to fail,
 * LMDB's among them.  Only what is aimed at files and directories counts: pipes
 * and sockets of the event loop do not.
 *
 * A sweep runs an operation once to count its calls, then once for each call
 * with that call failing, and checks after each run what must hold:
 *
 *	fault_count();
 *	run();
 *	n = fault_calls();
 *	for (i = 1; i <= n; i++) {
 *		fault_arm(FAULT_NOSPC, i, false);
 *		run();
 *		fault_off();
 *		check();
 *	}
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>

enum fault_kind {
	FAULT_SHORT, /* a write does a part (at least a byte), then ENOSPC */
	FAULT_NOSPC, /* ENOSPC */
	FAULT_IO,    /* EIO */
	FAULT_EXIT,  /* the process ends before the call: _exit(FAULT_STATUS) */
};

enum { FAULT_STATUS = 77 };

/* Count calls from 0 on; none fails. */
void fault_count(void);
unsigned fault_calls(void);
/* The call number NTH (from 1) fails as KIND says, those behind it too with
 * FOR_EVER.  Counting begins anew. */
void fault_arm(enum fault_kind kind, unsigned nth, bool for_ever);
/* The same, where only calls with NAME in their names count whose file, or the
 * directory of what they name first, lies beneath WITHIN. */
void fault_arm_at(
    enum fault_kind kind, const char *name, const char *within, unsigned nth);
/* Did an armed fault strike? */
bool fault_struck(void);
/* The name of the system call that it struck first ("" for none). */
const char *fault_name(void);
/* Nothing fails and nothing is counted. */
void fault_off(void);

#endif
