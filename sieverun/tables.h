/* SPDX-License-Identifier: ISC */
/*
 * glibc's tables of charsets: most of what a process has mapped that has them,
 * and each fork would copy it for messages of which hardly any needs one.  So
 * only the first process of sieverun has them (SIEVE_CHARSETS_INDEX), and its
 * children only where it has turned out that the message needs one.
 */
#ifndef SIEVERUN_TABLES_H
#define SIEVERUN_TABLES_H

#include <stdbool.h>
#include <sys/types.h>

/* Have them all from now on, or none.  When files can be read. */
void tables_load(void);
void tables_forgo(void);
/* fork; the child has them if WITH, and this process has.  Else charset_forgo
 * is what it begins with. */
pid_t tables_fork(bool with);

#endif
