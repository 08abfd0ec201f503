/* SPDX-License-Identifier: ISC */
/* File systems that do less than those of a disk of our own. */
#ifndef SYS_FSTYPE_H
#define SYS_FSTYPE_H

#include <stdbool.h>

struct fstype {
	const char *name;
	bool syncfs;       /* it comes back when the bytes are safe */
	const char *lacks; /* in words, for who runs the host */
};

/* The one that FD is on; NULL: none of these. */
const struct fstype *fstype_find(int fd);
const struct fstype *fstype_find_path(const char *path);

#endif
