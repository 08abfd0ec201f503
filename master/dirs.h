/* SPDX-License-Identifier: ISC */
#ifndef MASTER_DIRS_H
#define MASTER_DIRS_H

#include <sys/types.h>

enum { CONFIG_DIRS = 7 };

/* The directories a process has got, by device and inode. */
struct config_dirs {
	struct {
		dev_t dev;
		ino_t ino;
	} v[CONFIG_DIRS];
};

#endif
