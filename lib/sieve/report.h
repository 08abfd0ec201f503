/* SPDX-License-Identifier: ISC */
/* What a compiler has to say of a script: errors and warnings with their
 * places, several at once, in the order in which they were found. */
#ifndef SIEVE_REPORT_H
#define SIEVE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* Counted from 1; a column is a character, not a byte. */
struct sieve_pos {
	uint32_t line, column;
};

struct sieve_remark {
	struct sieve_remark *next;
	struct slice script; /* whose name this is */
	struct sieve_pos pos;
	bool warning;
	const char *text; /* one line: what is wrong, what was expected */
};

struct sieve_report {
	struct arena *arena; /* of the texts */
	struct sieve_remark *first, **tail;
	size_t nerrors, nwarnings;
	size_t max; /* of each; what is beyond is counted and not kept */
};

void sieve_report_init(struct sieve_report *r, struct arena *a, size_t max);
void sieve_report_error(struct sieve_report *r, struct slice script,
    struct sieve_pos pos, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void sieve_report_warning(struct sieve_report *r, struct slice script,
    struct sieve_pos pos, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
