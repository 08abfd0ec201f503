/* SPDX-License-Identifier: ISC */
/*
 * Look-up tables behind one interface.  A table is named "type:name"; NAME is
 * a file beneath the directory given at the start for the types that keep
 * files (text, cdb).  Keys are compared folded (table/reader.h).
 *
 * An answer comes by callback, because a database takes its time; text and cdb
 * answer before table_find returns.  A file that was replaced is noticed at
 * the next look-up, or after table_look_again.  A file that is not there or
 * cannot be read is TEMPFAIL, never ABSENT, so that a slip of an administrator
 * bounces no mail.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct table;

struct table_request {
	/* VALUE is empty unless FOUND; it is gone when this returns, and
	 * when the table is asked again. */
	void (*done)(
	    struct table_request *rq, enum found found, struct slice value);
	struct table *table; /* NULL when nothing is under way */
};

/* Open SPEC.  DIRFD is borrowed for as long as the table lives.  ERR_PERM for
 * a type that does not exist or a name that leaves the directory; a missing
 * file is no error here. */
struct table *table_open(const char *spec, int dirfd, struct err *err);
/* Open requests must have been answered or cancelled. */
void table_free(struct table **t);

/* Files may have changed (table/news.h): until this is said again each table
 * looks once.  Who never says it has them looked at for each key. */
void table_look_again(void);

/* Ask for KEY; RQ lives until done() was called, maybe before this returns. */
void table_find(struct table *t, struct slice key, struct table_request *rq);
/* No done() will come. */
void table_cancel(struct table_request *rq);

/* Ask a table that answers at once; adds to VALUE (whose max must hold
 * TABLE_VALUE_MAX more).  TEMPFAIL fills ERR. */
enum found table_get(
    struct table *t, struct slice key, struct buf *value, struct err *err);

const char *table_spec(const struct table *t);
/* Why the last TEMPFAIL was one. */
const char *table_problem(const struct table *t);
/* Log it: table.failed. */
void table_log_problem(const struct table *t);
/* Is there anything to look in: the cdb or its text, the text? */
bool table_exists(const struct table *t);
/* -1: it is there and cannot be read, or is damaged. */
int table_try(struct table *t, struct err *err);
/* The same; and it must be there. */
int table_try_needed(struct table *t, struct err *err);
/* A cdb whose text was changed and not compiled since. */
bool table_stale(struct table *t);

#endif
