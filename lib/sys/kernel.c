/* SPDX-License-Identifier: ISC */
#include "sys/kernel.h"

#include <linux/landlock.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

int
kernel_landlock(void)
{
	const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

const char *
kernel_lacks(int abi)
{
	if (abi < 1)
		return "files (Landlock is not in this kernel or not in its "
		       "lsm= list), TCP ports, signals between processes of "
		       "one user";
	if (abi < KERNEL_LANDLOCK_NET)
		return "TCP ports (they need Linux 6.7), signals between "
		       "processes of one user (6.12)";
	if (abi < KERNEL_LANDLOCK_SCOPE)
		return "signals between processes of one user (they need "
		       "Linux 6.12)";
	return NULL;
}
