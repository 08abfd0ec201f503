/* SPDX-License-Identifier: ISC */
/*
 * A text made into its cdb; table/edit.h says when.
 *
 * On disk: NAME.cdb, replaced whole (sys/durable_file.h).  A crash leaves one
 * that is older than its text; table_stale tells, and compiling again mends it.
 * Who changes the text as well does it as table/pair.h says.
 */
#ifndef TABLE_COMPILE_H
#define TABLE_COMPILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct stat;

/* Called for each mistake; TEXT has no file name or line in it. */
struct table_report {
	void (*mistake)(
	    struct table_report *rep, unsigned line, const char *text);
	/* The entry on LINE (0: taken out) was changed by hand and by a
	 * command; the text counts.  May be NULL. */
	void (*conflict)(
	    struct table_report *rep, unsigned line, const char *key);
};

/* The numbers in a cdb have 32 bits. */
enum { TABLE_TEXT_MAX = 1 << 30 };

/*
 * The mistakes in TEXT, the text of NAME: each entry is checked by what the
 * name says of it (accounts, passwords, aliases, transports, domains; anything
 * goes in others), and no key may stand twice.  All of them go to REP (may be
 * NULL), the first to ERR (ERR_PERM, "NAME:LINE: ..."); -1 when there is one.
 */
int table_check_text(const char *name, struct slice text,
    struct table_report *rep, struct err *err);
/* TEXT, which stands in the file that ST says, to NAME.cdb, with its owner and
 * mode; with mistakes nothing is written. */
int table_write_cdb(int dirfd, const char *name, struct slice text,
    const struct stat *st, struct table_report *rep, struct err *err);
/* The same to TMP, which waits for its name (durable_prepare). */
int table_prepare_cdb(int dirfd, const char *name, struct slice text,
    const struct stat *st, const char *tmp, struct err *err);

/* In a cdb, which text it was made from: a key that no look-up can ask for. */
#define TABLE_SOURCE_KEY "\0source"
enum { TABLE_SOURCE_KEY_LEN = 7, TABLE_SOURCE_MAX = 80 };
void table_source(const struct stat *text, struct buf *out);
/* And a name of its own, drawn at random, for its journal. */
#define TABLE_ID_KEY "\0id"
enum { TABLE_ID_KEY_LEN = 3, TABLE_ID_MAX = 20 };

#endif
