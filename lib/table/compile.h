/* SPDX-License-Identifier: ISC */
/*
 * Writing tables: compile a text to its cdb, and change one entry of a text.
 *
 * On disk: NAME (text) and NAME.cdb, each replaced whole (sys/durable.h).  A
 * crash between the two leaves a cdb that is older than its text; table_stale
 * tells, and compiling again mends it.  Writers of one directory take turns
 * by a lock on the directory itself.
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
};

/*
 * Compile NAME beneath DIRFD to NAME.cdb.  Each entry is checked by what the
 * name says of it (accounts, passwords, aliases, transports; anything goes in
 * others), and no key may stand twice.  All mistakes go to REP (may be NULL),
 * the first to ERR (ERR_PERM, "NAME:LINE: ..."); the old cdb then stays.  The
 * cdb gets owner and mode of the text.
 */
int table_compile(
    int dirfd, const char *name, struct table_report *rep, struct err *err);

enum table_edit {
	TABLE_ADD, /* KEY must not be there yet */
	TABLE_SET, /* KEY must be there */
	TABLE_PUT, /* either way */
	TABLE_DEL, /* KEY must be there; VALUE is not looked at */
};

/*
 * Change KEY's entry in the text NAME beneath DIRFD and compile it: the other
 * lines stay as they are, a text that is not there is begun (mode 0640).
 * ERR_PERM when KEY is (not) there or the entry makes no sense; then, and when
 * the rest of the text has mistakes, nothing has changed.
 */
int table_edit(int dirfd, const char *name, enum table_edit how,
    struct slice key, struct slice value, struct err *err);

/* In a cdb, which text it was made from: a key that no look-up can ask for. */
#define TABLE_SOURCE_KEY "\0source"
enum { TABLE_SOURCE_KEY_LEN = 7, TABLE_SOURCE_MAX = 80 };
void table_source(const struct stat *text, struct buf *out);

#endif
