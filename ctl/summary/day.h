/* SPDX-License-Identifier: ISC */
/* A day of the log in numbers.  Days are those of UTC, as the log's times. */
#ifndef CTL_SUMMARY_DAY_H
#define CTL_SUMMARY_DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ctl/summary/frequent.h"

enum { DAY_BYTES = 11 }; /* "2026-11-20" */

enum day_total {
#define TOTAL(id, name, text) DAY_TOTAL_##id,
#include "ctl/summary/day.def" // IWYU pragma: keep
#undef TOTAL
	DAY_TOTALS
};

enum day_part {
#define PART(id, name, text, size) DAY_PART_##id,
#include "ctl/summary/day.def" // IWYU pragma: keep
#undef PART
	DAY_PARTS
};

struct day_label {
	const char *name, *text;
};
extern const struct day_label day_totals[DAY_TOTALS], day_parts[DAY_PARTS];

struct day {
	char date[DAY_BYTES];
	int64_t totals[DAY_TOTALS];
	struct frequent parts[DAY_PARTS];
};

/* TIME is one of the log, of the journal or of syslog (RFC 3339 in any zone):
 * its day.  False: it is none. */
bool day_of(struct slice time, char date[static DAY_BYTES]);

struct day *day_new(const char *date);
void day_free(struct day **day);
/* How many names of PART are printed where N of the most frequent are. */
size_t day_shown(enum day_part part, size_t n);
/* Little more is to come: keep what is printed then. */
void day_close(struct day *d, size_t n);

#endif
