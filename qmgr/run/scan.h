/* SPDX-License-Identifier: ISC */
/* Comparing the spool with the index at the start, while mail already flows. */
#ifndef QMGR_RUN_SCAN_H
#define QMGR_RUN_SCAN_H

#include <stdbool.h>

void scan_start(void);
/* The index was lost: read what is not in memory. */
void scan_again(void);
/* Is all that stands in the spool known? */
bool scan_is_over(void);

#endif
