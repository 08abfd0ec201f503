/* SPDX-License-Identifier: ISC */
/*
 * When a file was changed, and now, by the same clock: the kernel's coarse one,
 * from which files get their times.  What is changed after filetime_now has a
 * time of at least that, unless somebody sets the clock back.
 */
#ifndef SYS_FILETIME_H
#define SYS_FILETIME_H

#include <stdint.h>

struct stat;

int64_t filetime_now_ns(void);
/* Its content or its name (ctime). */
int64_t filetime_changed_ns(const struct stat *st);

#endif
