/* SPDX-License-Identifier: ISC */
#include "sys/kernel.h"

#include <fcntl.h>
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

int
kernel_boot_id(char id[KERNEL_BOOT_ID_BYTES], struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", path);
	n = read(fd, id, KERNEL_BOOT_ID_BYTES - 1);
	close(fd);
	if (n <= 1)
		return err_set(err, ERR_TEMP, "read %s: nothing there", path);
	id[id[n - 1] == '\n' ? n - 1 : n] = '\0';
	return 0;
}
