/* SPDX-License-Identifier: ISC */
/* How far something is that takes long, on standard error where that is a
 * terminal: nothing in the first second, then one line that changes. */
#ifndef CTL_VIEW_PROGRESS_H
#define CTL_VIEW_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Is it a terminal? */
bool progress_wanted(void);
/* It stays what it is, for a process that is about to be locked in and cannot
 * ask any more. */
void progress_remember(void);
/* "WHAT: N of TOTAL"; TOTAL 0: it is not known.  WHAT is borrowed. */
void progress_begin(const char *what, int64_t total);
/* It is at N; nothing is done where none has begun. */
void progress_at(int64_t n);
/* The line goes away. */
void progress_end(void);

#endif
