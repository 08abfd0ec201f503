/* SPDX-License-Identifier: ISC */
#include "fulltext/db.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "fulltext/tokens.h"
#include "fulltext/vfs.h"
#include "maildir/tree.h"

#define JOURNAL DB_NAME "-journal"

enum { VERSION = 1, PATH_MAX_BYTES = 64, VALUE_MAX = 64 << 20 };

static const char settings[] = "PRAGMA page_size=4096;"
			       "PRAGMA journal_mode=TRUNCATE;"
			       "PRAGMA synchronous=OFF;"
			       "PRAGMA temp_store=MEMORY;"
			       "PRAGMA cache_size=-4000;"
			       "PRAGMA cache_spill=OFF;"
			       "PRAGMA secure_delete=OFF;";

static const char schema[] =
    "CREATE VIRTUAL TABLE terms USING fts5(t, content='', columnsize=0,"
    " detail=none, tokenize='" TOKENS_NAME "');"
    /* Segments are merged in steps of our own (fulltext_merge). */
    "INSERT INTO terms(terms, rank) VALUES('automerge', 0);"
    "INSERT INTO terms(terms, rank) VALUES('crisismerge', 64);"
    "INSERT INTO terms(terms, rank) VALUES('usermerge', 4);"
    "INSERT INTO terms(terms, rank) VALUES('hashsize', 262144);"
    "CREATE TABLE words(id INTEGER PRIMARY KEY, w BLOB NOT NULL);"
    "CREATE TABLE rest(id INTEGER PRIMARY KEY, r BLOB NOT NULL);"
    "CREATE TABLE doc(email INTEGER, size INTEGER, id INTEGER,"
    " PRIMARY KEY(email, size)) WITHOUT ROWID;"
    "CREATE TABLE last(one INTEGER PRIMARY KEY, doc INTEGER, seen INTEGER);"
    "INSERT INTO last VALUES(1, 0, 0);"
    "CREATE TABLE box(id INTEGER PRIMARY KEY, mailbox BLOB,"
    " uidvalidity INTEGER, UNIQUE(mailbox, uidvalidity));"
    "CREATE TABLE run(box INTEGER, uid INTEGER, n INTEGER, doc INTEGER,"
    " PRIMARY KEY(box, uid)) WITHOUT ROWID;";

/* clang-format off */
static const char *const texts[DB_STATEMENTS] = {
	[DB_BEGIN] = "BEGIN IMMEDIATE",
	[DB_COMMIT] = "COMMIT",
	[DB_ROLLBACK] = "ROLLBACK",
	[DB_MATCH] = "SELECT rowid FROM terms WHERE terms MATCH ?1",
	[DB_MATCH_AFTER] = "SELECT rowid FROM terms WHERE terms MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT 4096",
	[DB_HAS_TERM] = "SELECT 1 FROM terms WHERE terms MATCH ?1 LIMIT 1",
	[DB_ADD_TERMS] = "INSERT INTO terms(rowid, t) VALUES(?1, ?2)",
	[DB_WORDS] = "SELECT id, w FROM words WHERE id > ?1 ORDER BY id",
	[DB_LAST_WORDS] = "SELECT id, length(w) FROM words ORDER BY id DESC LIMIT 1",
	[DB_ADD_WORDS] = "INSERT INTO words(w) VALUES(?1)",
	[DB_MORE_WORDS] = "UPDATE words SET w = CAST(w || ?2 AS BLOB) WHERE id = ?1",
	[DB_REST] = "SELECT id, r FROM rest WHERE id > ?1 ORDER BY id",
	[DB_LAST_REST] = "SELECT id, length(r) FROM rest ORDER BY id DESC LIMIT 1",
	[DB_ADD_REST] = "INSERT INTO rest(r) VALUES(?1)",
	[DB_MORE_REST] = "UPDATE rest SET r = CAST(r || ?2 AS BLOB) WHERE id = ?1",
	[DB_FIND_DOC] = "SELECT id FROM doc WHERE email = ?1 AND size = ?2",
	[DB_ADD_DOC] = "INSERT INTO doc VALUES(?1, ?2, ?3)",
	[DB_LAST_DOC] = "UPDATE last SET doc = doc + 1 WHERE one = 1 RETURNING doc",
	[DB_FIND_BOX] = "SELECT id FROM box WHERE mailbox = ?1 AND uidvalidity = ?2",
	[DB_ADD_BOX] = "INSERT INTO box(mailbox, uidvalidity) VALUES(?1, ?2)",
	[DB_RUNS] = "SELECT uid, n, doc FROM run WHERE box = ?1 ORDER BY uid",
	[DB_PUT_RUN] = "REPLACE INTO run VALUES(?1, ?2, ?3, ?4)",
	[DB_DEL_RUNS] = "DELETE FROM run WHERE box = ?1",
	[DB_COUNTS] = "SELECT doc, (SELECT coalesce(sum(n), 0) FROM run) FROM last",
	[DB_DEL_BOX] = "DELETE FROM box WHERE id = ?1",
	[DB_BOXES] = "SELECT id, mailbox, uidvalidity FROM box",
	[DB_SEEN] = "SELECT seen FROM last",
	[DB_SET_SEEN] = "UPDATE last SET seen = ?1 WHERE one = 1",
	[DB_MERGE] = "INSERT INTO terms(terms, rank) VALUES('merge', ?1)",
};
/* clang-format on */

/* What SQLite says of RC. */
static int
fail(struct db *d, int rc, struct err *err)
{
	const char *why = sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set_code(err, ERR_TEMP, ERR_BUSY,
		    "another process writes the full-text index");
	case SQLITE_FULL:
		return err_set_code(
		    err, ERR_TEMP, ERR_NO_SPACE, "full-text index: no space");
	case SQLITE_NOMEM:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_INTERRUPT:
		break;
	case SQLITE_IOERR:
		d->damaged =
		    rc == SQLITE_IOERR_DATA || rc == SQLITE_IOERR_SHORT_READ;
		break;
	default:
		d->damaged = true;
	}
	return err_set(err, ERR_TEMP, "full-text index: %s", why);
}

static int
run_text(struct db *d, const char *text, struct err *err)
{
	const int rc = sqlite3_exec(d->sq, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(d, rc, err);
}

/* What PRAGMA user_version says; -1: it cannot be read. */
static int
read_version(struct db *d, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc =
	    sqlite3_prepare_v2(d->sq, "PRAGMA user_version", -1, &st, NULL);
	int version = -1;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	else
		(void)fail(d, rc, err);
	(void)sqlite3_finalize(st);
	return version;
}

static int
make_tables(struct db *d, struct err *err)
{
	struct buf version;
	int rc = run_text(d, "BEGIN IMMEDIATE", err);

	if (rc == -1)
		return -1;
	buf_init(&version, 100);
	buf_addf(&version, "PRAGMA user_version=%d", VERSION);
	/* Another process may have been faster. */
	if (read_version(d, err) != 0 ||
	    (run_text(d, schema, err) == 0 &&
		run_text(d, buf_cstr(&version), err) == 0))
		rc = run_text(d, "COMMIT", err);
	else
		rc = -1;
	if (rc == -1)
		(void)run_text(d, "ROLLBACK", NULL);
	buf_fini(&version);
	return rc;
}

static int
set_up(struct db *d, struct err *err)
{
	int reserved = VFS_RESERVED;
	int version;

	(void)sqlite3_extended_result_codes(d->sq, 1);
	(void)sqlite3_limit(d->sq, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	(void)sqlite3_limit(d->sq, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_db_config(d->sq, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(d->sq, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(d->sq, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_file_control(
	    d->sq, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
	if (tokens_register(d->sq) != SQLITE_OK)
		return err_set(err, ERR_TEMP, "SQLite has no FTS5");
	if (run_text(d, settings, err) == -1)
		return -1;
	version = read_version(d, err);
	if (version == -1)
		return -1;
	if (version == 0 && make_tables(d, err) == -1)
		return -1;
	if (version != 0 && version != VERSION) {
		d->damaged = true;
		return err_set(err, ERR_TEMP, "of another version");
	}
	return 0;
}

static enum found
open_file(struct db *d, bool make, struct err *err)
{
	static bool registered;
	struct buf path;
	struct stat st;
	int rc;

	if (fstatat(d->dirfd, DB_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		d->damaged = !S_ISREG(st.st_mode);
		if (d->damaged) {
			err_set(err, ERR_TEMP, DB_NAME " is no file");
			return TEMPFAIL;
		}
	} else if (!make) {
		return ABSENT;
	}
	if (!registered)
		vfs_register();
	registered = true;
	buf_init(&path, PATH_MAX_BYTES);
	vfs_path(&path, d->dirfd, DB_NAME);
	rc = sqlite3_open_v2(buf_cstr(&path), &d->sq,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	    VFS_NAME);
	buf_fini(&path);
	if (rc != SQLITE_OK) {
		(void)fail(d, rc, err);
		return TEMPFAIL;
	}
	return set_up(d, err) == 0 ? FOUND : TEMPFAIL;
}

enum found
db_open(struct db *d, int dirfd, bool make, struct err *err)
{
	enum found found;
	struct stat st;

	*d = (struct db){ .dirfd = dirfd };
	found = open_file(d, make, err);
	if (found == FOUND &&
	    fstatat(dirfd, DB_NAME, &st, AT_SYMLINK_NOFOLLOW) == -1)
		found = TEMPFAIL;
	if (found == FOUND) {
		d->dev = st.st_dev;
		d->ino = st.st_ino;
	} else {
		db_close(d);
	}
	return found;
}

void
db_close(struct db *d)
{
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		(void)sqlite3_finalize(d->statements[i]);
		d->statements[i] = NULL;
	}
	(void)sqlite3_close(d->sq);
	d->sq = NULL;
	d->writing = false;
}

static void
remove_one(int dirfd, const char *name)
{
	if (unlinkat(dirfd, name, 0) == -1)
		tree_remove(dirfd, name);
}

void
db_remove(int dirfd)
{
	/* The journal last: it belongs to no other file. */
	remove_one(dirfd, DB_NAME);
	remove_one(dirfd, JOURNAL);
}

bool
db_is_there(const struct db *d)
{
	struct stat st;

	return fstatat(d->dirfd, DB_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == d->dev && st.st_ino == d->ino;
}

struct sqlite3_stmt *
db_statement(struct db *d, enum db_sql which, struct err *err)
{
	sqlite3_stmt **st = &d->statements[which];
	int rc;

	if (*st != NULL) {
		db_reset(*st);
		return *st;
	}
	rc = sqlite3_prepare_v3(
	    d->sq, texts[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	if (rc != SQLITE_OK)
		(void)fail(d, rc, err);
	return *st;
}

enum found
db_step(struct db *d, struct sqlite3_stmt *st, struct err *err)
{
	const int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return FOUND;
	db_reset(st);
	if (rc == SQLITE_DONE)
		return ABSENT;
	(void)fail(d, rc, err);
	return TEMPFAIL;
}

int
db_run(struct db *d, enum db_sql which, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(d, which, err);

	if (st == NULL || db_step(d, st, err) == TEMPFAIL)
		return -1;
	db_reset(st);
	return 0;
}

void
db_reset(struct sqlite3_stmt *st)
{
	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
}

/* What SQLite has no room for fails when the statement runs. */
void
db_bind_slice(struct sqlite3_stmt *st, int at, struct slice s)
{
	(void)sqlite3_bind_blob64(
	    st, at, s.n > 0 ? s.p : "", s.n, SQLITE_STATIC);
}

void
db_bind_text(struct sqlite3_stmt *st, int at, struct slice s)
{
	(void)sqlite3_bind_text64(
	    st, at, s.n > 0 ? s.p : "", s.n, SQLITE_STATIC, SQLITE_UTF8);
}

void
db_bind(struct sqlite3_stmt *st, int at, int64_t v)
{
	(void)sqlite3_bind_int64(st, at, v);
}

struct slice
db_column(struct sqlite3_stmt *st, int at)
{
	const void *p = sqlite3_column_blob(st, at);

	return slice_of(
	    p, p != NULL ? (size_t)sqlite3_column_bytes(st, at) : 0);
}

int64_t
db_changes(const struct db *d)
{
	return sqlite3_total_changes(d->sq);
}

int64_t
db_number(struct sqlite3_stmt *st, int at)
{
	return sqlite3_column_int64(st, at);
}
