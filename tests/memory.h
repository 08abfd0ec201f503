/* SPDX-License-Identifier: ISC */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <unistd.h>

/* A place for the directories of tests that sync thousands of times and learn
 * nothing from it: in memory where that is possible. */
static inline const char *
memory_top(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

#endif
