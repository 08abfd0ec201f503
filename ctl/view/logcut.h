/* SPDX-License-Identifier: ISC */
/* A log read in pieces and cut into lines, of which those with a key are given
 * on. */
#ifndef CTL_VIEW_LOGCUT_H
#define CTL_VIEW_LOGCUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct logquery;
struct logcut;

struct logcut_line {
	struct slice text; /* as it stands in the log */
	struct slice line; /* without what journal or syslog put before it */
	struct slice time; /* that of these; empty elsewhere */
	/* Where it stands: what was begun, and the byte there. */
	unsigned source;
	uint64_t at;
};

struct logcut_reader {
	void (*on_line)(struct logcut_reader *, const struct logcut_line *);
};

/* Q's keys are borrowed as long as this is. */
struct logcut *logcut_new(
    const struct logquery *q, bool journal, struct logcut_reader *reader);
void logcut_free(struct logcut **cut);

/* What comes next is of the source of that number. */
void logcut_begin(struct logcut *cut, unsigned source);
/* The lines of TEXT. */
void logcut_text(struct logcut *cut, struct slice text);
/* The lines from FROM to TO of FD, or of all that can be read of it; -1 and
 * errno when that fails. */
int logcut_file(struct logcut *cut, int fd, uint64_t from, uint64_t to);
int logcut_stream(struct logcut *cut, int fd);

#endif
