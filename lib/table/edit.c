/* SPDX-License-Identifier: ISC */
#include "table/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sys/beneath.h"
#include "sys/fd.h"
#include "table/journal.h"
#include "table/key.h"
#include "table/kind.h"
#include "table/pair.h"
#include "table/reader.h"
#include "table/table.h"
#include "table/type.h"

/* A text up to this size is written anew for each change.  A journal may grow
 * to JOURNAL_BASE and a 64th of the text before it goes into the text: then
 * each change has paid for its part of the writing. */
enum { TEXT_SMALL = 256 << 10, JOURNAL_BASE = 64 << 10 };

/* One table under change; the lock is held. */
struct text_edit {
	int dirfd;
	const char *name;
	const struct table_kind *kind;
	struct table *cdb;
	struct table_journal *journal; /* of the cdb */
	bool stale;                    /* the text is newer than the cdb */
	struct stat st;
	struct buf text; /* as it stands, once read */
	struct buf merged;
	/* what was changed by hand and by a command */
	struct table_judge judge;
	struct table_report *rep;
	unsigned conflicts;
};

static int
lock_for(int dirfd, int operation, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open the directory of tables");
	while (flock(fd, operation) == -1) {
		if (errno == EINTR)
			continue;
		fd_close(&fd);
		return err_sys(err, ERR_TEMP, "lock the directory of tables");
	}
	return fd;
}

int
table_lock(int dirfd, struct err *err)
{
	return lock_for(dirfd, LOCK_EX, err);
}

/* The text is newer than the cdb, which says what the text said when a command
 * last wrote it: a change that was cut between the two (table/pair.h) has been
 * brought to its end before.  So an entry that differs was changed by a person,
 * who meant that, whatever a command did. */
static bool
change_counts(struct table_judge *judge, const struct table_change *c,
    unsigned line, const struct slice *text)
{
	struct text_edit *e = OUTER(judge, struct text_edit, judge);
	struct buf before;
	enum found found;
	bool same;

	if (text == NULL ? c->value == NULL
			 : c->value != NULL && slice_is(*text, c->value))
		return false; /* it stands there already */
	buf_init(&before, TABLE_VALUE_MAX);
	found = table_cdb_get(e->cdb, slice_str(c->key), &before);
	same = found == TEMPFAIL ||
	       (text == NULL
		       ? found == ABSENT
		       : found == FOUND && slice_eq(*text, buf_slice(&before)));
	buf_fini(&before);
	if (same)
		return true;
	e->conflicts++;
	if (e->rep != NULL && e->rep->conflict != NULL)
		e->rep->conflict(e->rep, line, c->key);
	return false;
}

/* The files as they are; a text that is not there is empty. */
static int
edit_begin(struct text_edit *e, int dirfd, const char *name,
    struct table_report *rep, struct err *err)
{
	char *spec = xasprintf("cdb:%s", name);

	*e = (struct text_edit){
		.dirfd = dirfd,
		.name = name,
		.kind = table_kind_of(name),
		.cdb = table_open(spec, dirfd, err),
		.st = { .st_mode = table_kind_of(name)->secret ? 0640 : 0644,
		    .st_uid = (uid_t)-1,
		    .st_gid = (gid_t)-1 },
		.text.max = TABLE_TEXT_MAX,
		.merged.max = TABLE_TEXT_MAX,
		.judge.counts = change_counts,
		.rep = rep,
	};
	free(spec);
	if (e->cdb == NULL)
		return -1;
	e->stale = table_stale(e->cdb);
	return table_cdb_journal(e->cdb, &e->journal, err);
}

/* The same for a writer. */
static int
edit_begin_write(struct text_edit *e, int dirfd, const char *name,
    struct table_report *rep, struct err *err)
{
	const int rc = table_settle(dirfd, name, err);

	if (rc == 0)
		table_journal_sweep(dirfd, name);
	*e = (struct text_edit){ .cdb = NULL };
	return rc == 0 ? edit_begin(e, dirfd, name, rep, err) : -1;
}

static void
edit_end(struct text_edit *e)
{
	buf_fini(&e->text);
	buf_fini(&e->merged);
	table_free(&e->cdb);
}

static int
read_text(struct text_edit *e, struct err *err)
{
	int rc = -1;
	int fd = beneath_open(e->dirfd, e->name, O_RDONLY, 0, err);

	if (fd == -1)
		return -1;
	if (fstat(fd, &e->st) == -1)
		err_sys(err, ERR_TEMP, "stat %s", e->name);
	else
		rc = fd_read_file(fd, &e->text, err);
	fd_close(&fd);
	return rc;
}

static int
merge_journal(struct text_edit *e, struct err *err)
{
	return table_changes_merge(&e->journal->changes, e->kind,
	    buf_slice(&e->text), e->stale ? &e->judge : NULL, &e->merged, err);
}

int
table_compile(
    int dirfd, const char *name, struct table_report *rep, struct err *err)
{
	struct err ignored;
	struct text_edit e;
	int rc = -1;
	int lock = table_lock(dirfd, err);

	if (lock == -1)
		return -1;
	if (err == NULL)
		err = &ignored;
	if (edit_begin_write(&e, dirfd, name, rep, err) == -1 ||
	    read_text(&e, err) == -1)
		goto out;
	if (!e.journal->there) {
		rc = table_write_cdb(
		    dirfd, name, buf_slice(&e.text), &e.st, rep, err);
	} else if (table_check_text(name, buf_slice(&e.text), rep, err) == 0 &&
		   merge_journal(&e, err) == 0) {
		rc = table_write_both(
		    dirfd, name, buf_slice(&e.merged), &e.st, err);
		if (rc == 0)
			table_journal_remove(e.journal, dirfd);
	}
out:
	edit_end(&e);
	fd_close(&lock);
	return rc;
}

int
table_read_merged(int dirfd, const char *name, struct buf *out, struct err *err)
{
	struct text_edit e = { .cdb = NULL };
	enum found merged;
	int lock = lock_for(dirfd, LOCK_SH, err);
	int rc = -1;

	if (lock == -1)
		return -1;
	merged = table_merged(dirfd, name, err);
	if (merged != TEMPFAIL)
		rc = edit_begin(&e, dirfd, name, NULL, err);
	if (rc == 0 && merged == FOUND)
		table_journal_forget(e.journal);
	if (rc == 0)
		rc = read_text(&e, err);
	if (rc == 0)
		rc = merge_journal(&e, err);
	if (rc == 0) {
		buf_add(out, buf_slice(&e.merged));
		if (out->failed)
			rc = err_set(err, ERR_TEMP, "%s is too large", name);
	}
	edit_end(&e);
	fd_close(&lock);
	return rc;
}

static int
refuse(enum table_edit how, bool there, struct slice key, struct err *err)
{
	if (there && how == TABLE_ADD)
		return err_set(
		    err, ERR_PERM, "%.*s is already there", SLICE_FMT(key));
	if (!there && (how == TABLE_SET || how == TABLE_DEL))
		return err_set(
		    err, ERR_PERM, "%.*s is not there", SLICE_FMT(key));
	return 0;
}

/* The changes S into the text and the cdb, and the journal with them. */
static int
edit_whole(struct text_edit *e, enum table_edit how, struct table_changes *s,
    struct err *err)
{
	struct buf out = { .max = TABLE_TEXT_MAX };
	const struct table_change *c;
	int rc;

	errno = 0;
	if (read_text(e, err) == -1 && errno != ENOENT)
		return -1;
	if (merge_journal(e, err) == -1)
		return -1;
	if (e->conflicts > 0)
		return err_set(err, ERR_PERM,
		    "%s was edited where a command changed it too: \"pabal map "
		    "%s\" says where",
		    e->name, e->name);
	rc = table_changes_merge(
	    s, e->kind, buf_slice(&e->merged), NULL, &out, err);
	TAILQ_FOREACH(c, &s->all, link)
	if (rc == 0)
		rc = refuse(how, c->there, slice_str(c->key), err);
	if (rc == 0)
		rc = table_write_both(
		    e->dirfd, e->name, buf_slice(&out), &e->st, err);
	if (rc == 0)
		table_journal_remove(e->journal, e->dirfd);
	buf_fini(&out);
	return rc;
}

/* Is one more line in the journal what the change costs best? */
static bool
suits_journal(struct text_edit *e)
{
	return fstatat(e->dirfd, e->name, &e->st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       e->st.st_size > TEXT_SMALL && !e->stale &&
	       *table_cdb_id(e->cdb) != '\0' &&
	       e->journal->at < JOURNAL_BASE + (size_t)e->st.st_size / 64;
}

static int
edit_journal(struct text_edit *e, enum table_edit how,
    const struct table_change *c, struct err *err)
{
	const struct slice key = slice_str(c->key);
	const struct slice value = slice_str(c->value);
	struct buf before = { .max = TABLE_VALUE_MAX };
	const enum found found = table_get(e->cdb, key, &before, err);
	int rc = -1;

	buf_fini(&before);
	if (found == TEMPFAIL || refuse(how, found == FOUND, key, err) == -1)
		return -1;
	if (how == TABLE_DEL || e->kind->check == NULL ||
	    e->kind->check(key, value, err) == 0)
		rc = table_journal_add(e->journal, e->dirfd, e->kind, key,
		    how == TABLE_DEL ? NULL : &value, table_cdb_id(e->cdb),
		    &e->st, err);
	return rc;
}

static int
edit_one(int dirfd, const char *name, enum table_edit how,
    struct table_changes *s, struct err *err)
{
	struct text_edit e;
	int rc = edit_begin_write(&e, dirfd, name, NULL, err);

	if (rc == 0 && suits_journal(&e))
		rc = edit_journal(&e, how, TAILQ_FIRST(&s->all), err);
	else if (rc == 0)
		rc = edit_whole(&e, how, s, err);
	edit_end(&e);
	return rc;
}

int
table_edit(int dirfd, const char *name, enum table_edit how, struct slice key,
    struct slice value, struct err *err)
{
	char space[TABLE_KEY_MAX];
	struct slice folded;
	struct table_changes s;
	struct err ignored;
	int rc = -1;
	int lock;

	if (err == NULL)
		err = &ignored;
	if (!table_fold(key, space, &folded))
		return err_set(err, ERR_PERM, "expected a key");
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\0')
			return err_set(err, ERR_PERM, "a NUL in the value");
	lock = table_lock(dirfd, err);
	if (lock == -1)
		return -1;
	table_changes_init(&s);
	table_changes_put(&s, folded, how == TABLE_DEL ? NULL : &value);
	rc = edit_one(dirfd, name, how, &s, err);
	table_changes_fini(&s);
	fd_close(&lock);
	return rc;
}

int
table_edit_all(int dirfd, const char *name, enum table_edit how,
    struct table_changes *s, struct err *err)
{
	struct text_edit e;
	int rc = edit_begin_write(&e, dirfd, name, NULL, err);

	if (rc == 0)
		rc = edit_whole(&e, how, s, err);
	edit_end(&e);
	return rc;
}
