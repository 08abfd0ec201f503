/* SPDX-License-Identifier: ISC */
/*
 * The database of an index: fulltext.db in the directory of the account's
 * index, with fulltext.db-journal beside it while it is changed.
 *
 * Tables: `terms` (FTS5, without contents or places: which documents have a
 * term, in the header 'h' or in the body 'b'), `words` (all words that are
 * terms, "\n" around each, as many as a row takes), `rest` (of documents, as
 * many as a row takes: what is no term), `doc` (the number of a message that
 * has this EMAILID and size), `box` and `run` (which UIDs of a mailbox are
 * which documents).
 */
#ifndef FULLTEXT_DB_H
#define FULLTEXT_DB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

struct sqlite3;
struct sqlite3_stmt;

#define DB_NAME "fulltext.db"

enum db_sql {
	DB_BEGIN,
	DB_COMMIT,
	DB_ROLLBACK,
	DB_MATCH,
	DB_MATCH_AFTER,
	DB_HAS_TERM,
	DB_ADD_TERMS,
	DB_WORDS,
	DB_LAST_WORDS,
	DB_ADD_WORDS,
	DB_MORE_WORDS,
	DB_REST,
	DB_LAST_REST,
	DB_ADD_REST,
	DB_MORE_REST,
	DB_FIND_DOC,
	DB_ADD_DOC,
	DB_LAST_DOC,
	DB_FIND_BOX,
	DB_ADD_BOX,
	DB_RUNS,
	DB_PUT_RUN,
	DB_DEL_RUNS,
	DB_COUNTS,
	DB_DEL_BOX,
	DB_BOXES,
	DB_SEEN,
	DB_SET_SEEN,
	DB_MERGE,
	DB_STATEMENTS
};

struct db {
	struct sqlite3 *sq; /* NULL: closed */
	struct sqlite3_stmt *statements[DB_STATEMENTS];
	int dirfd;
	dev_t dev;
	ino_t ino;
	bool writing; /* a transaction is open */
	bool damaged; /* to be removed */
};

/* Open what is in DIRFD, which stays open as long.  MAKE: or a new one; else
 * ABSENT where there is none.  TEMPFAIL, damaged: it is none of ours. */
enum found db_open(struct db *d, int dirfd, bool make, struct err *err);
void db_close(struct db *d);
/* Whatever has its name goes. */
void db_remove(int dirfd);
/* Is it there still, under its name? */
bool db_is_there(const struct db *d);

/* A statement, to be bound and given to db_step; NULL: it cannot be made. */
struct sqlite3_stmt *db_statement(
    struct db *d, enum db_sql which, struct err *err);
/* FOUND: a row; ABSENT: the end, or done.  TEMPFAIL with ERR_BUSY (another
 * process writes), ERR_NO_SPACE, or damaged. */
enum found db_step(struct db *d, struct sqlite3_stmt *st, struct err *err);
/* All of a statement without parameters. */
int db_run(struct db *d, enum db_sql which, struct err *err);
void db_reset(struct sqlite3_stmt *st);
void db_bind_slice(struct sqlite3_stmt *st, int at, struct slice s);
void db_bind_text(struct sqlite3_stmt *st, int at, struct slice s);
void db_bind(struct sqlite3_stmt *st, int at, int64_t v);
struct slice db_column(struct sqlite3_stmt *st, int at);
/* Rows changed since it was opened. */
int64_t db_changes(const struct db *d);
int64_t db_number(struct sqlite3_stmt *st, int at);

#endif
