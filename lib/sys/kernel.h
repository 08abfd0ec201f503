/* SPDX-License-Identifier: ISC */
/* What of the sandbox this kernel can do: Landlock came bit by bit. */
#ifndef SYS_KERNEL_H
#define SYS_KERNEL_H

#include "base/err.h"
#include "base/slice.h"

enum {
	KERNEL_LANDLOCK_NET = 4,   /* its version with TCP ports (Linux 6.7) */
	KERNEL_LANDLOCK_SCOPE = 6, /* with signals (Linux 6.12) */
};

/* The version (ABI) of this kernel's Landlock; 0: it has none. */
int kernel_landlock(void);
/* What Landlock of version ABI cannot hold back, in words ("TCP ports, signals
 * between processes of one user"); NULL when nothing that is asked of it. */
const char *kernel_lacks(int abi);

enum { KERNEL_BOOT_ID_BYTES = 64 };
/* What names this run of the kernel; read before the doors close.  ERR_TEMP. */
int kernel_boot_id(char id[KERNEL_BOOT_ID_BYTES], struct err *err);

#endif
