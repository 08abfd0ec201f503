/* SPDX-License-Identifier: ISC */
/*
 * All that there is of a log: its file and those it was rotated to, the
 * journal, or one file by name.  It is gone through as often as is wanted, each
 * time for some keys, and what has an index is read only where they may be.
 */
#ifndef CTL_VIEW_LOGSET_H
#define CTL_VIEW_LOGSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ctl/inst/instance.h"

enum { LOGSET_SINCE_BYTES = 28 };

struct logcut_reader;
struct logset;

struct logset_from {
	const struct instance *in;
	const char *file; /* "-": standard input; NULL: the instance's */
	bool packed;      /* read compressed files, too */
	char since[LOGSET_SINCE_BYTES]; /* of the log; empty: all */
};

/* NULL when a file that is wanted cannot be read. */
struct logset *logset_open(const struct logset_from *from, struct err *err);
void logset_free(struct logset **set);
/* It is the journal, and there is nothing in it that we may read. */
bool logset_is_closed(const struct logset *set);
/* Compressed files that are not read, with blanks between; "": none. */
const char *logset_left_out(struct logset *set);

/* Give each line that has one of the N keys (hashes, log/keys.h), or each line
 * when KEYS is NULL; oldest file first. */
int logset_scan(const struct logset *set, const uint64_t *keys, size_t n,
    struct logcut_reader *reader, struct err *err);

#endif
