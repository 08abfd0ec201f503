/* SPDX-License-Identifier: ISC */
/*
 * glibc's tables of charsets: most of what this process has mapped, and each
 * fork would copy it for messages of which hardly any needs one.  A child is
 * forked without them, and one with them where that has turned out to be too
 * little.
 */
#ifndef SIEVERUN_TABLES_H
#define SIEVERUN_TABLES_H

#include <stdbool.h>
#include <sys/types.h>

/* When all that there are have been loaded, and files can be read. */
void tables_find(void);
/* fork; the child has them if WITH.  Else charset_forgo is what it begins with.
 */
pid_t tables_fork(bool with);

#endif
