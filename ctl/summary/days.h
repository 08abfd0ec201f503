/* SPDX-License-Identifier: ISC */
/* The days of a log.  Where its lines are in order, as good as, memory is that
 * of two days and of what is printed of the others. */
#ifndef CTL_SUMMARY_DAYS_H
#define CTL_SUMMARY_DAYS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ctl/summary/day.h"

enum { DAYS_MAX = 400 };

struct days {
	char from[DAY_BYTES], to[DAY_BYTES]; /* which count; "": all */
	size_t names;                        /* that are printed of many */
	struct day *all[DAYS_MAX];
	size_t n;
	struct arena arena;
};

void days_init(struct days *d);
void days_fini(struct days *d);
/* A line of the log; of the time TIME if the line itself has none.  Beyond
 * DAYS_MAX days the first is given up. */
void days_add(struct days *d, struct slice line, struct slice time);

#endif
