/* SPDX-License-Identifier: ISC */
/* Tables compiled to NAME.cdb (table/compile.h), and what commands changed in
 * them since (table/journal.h). */
#include <cdb.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sys/beneath.h"
#include "sys/fd.h"
#include "table/changes.h"
#include "table/compile.h"
#include "table/journal.h"
#include "table/table.h"
#include "table/type.h"

struct table_cdb {
	struct table base;
	char *file; /* NAME.cdb */
	struct stat seen;
	struct cdb cdb;
	int fd;                        /* -1: not open */
	char source[TABLE_SOURCE_MAX]; /* what it says of itself */
	char id[TABLE_ID_MAX];
	struct table_journal journal;
	uint64_t looked; /* see table_looked */
	bool usable;     /* then */
};

static struct table *
cdb_new(void)
{
	struct table_cdb *t = xcalloc(1, sizeof *t);

	t->fd = -1;
	return &t->base;
}

static void
shut(struct table_cdb *t)
{
	if (t->fd != -1)
		cdb_free(&t->cdb);
	fd_close(&t->fd);
}

static void
cdb_done(struct table *base)
{
	struct table_cdb *t = OUTER(base, struct table_cdb, base);

	shut(t);
	if (t->file != NULL)
		table_journal_fini(&t->journal);
	free(t->file);
	free(t);
}

static void
read_note(struct table_cdb *t, struct slice key, char *out, size_t size)
{
	struct slice s = { NULL, 0 };

	if (cdb_find(&t->cdb, key.p, (unsigned)key.n) > 0)
		s = slice_of(cdb_getdata(&t->cdb), cdb_datalen(&t->cdb));
	if (s.p == NULL || !slice_copy(s, out, size))
		out[0] = '\0';
}

static int
reopen(struct table_cdb *t, struct err *err)
{
	shut(t);
	t->fd = beneath_open(t->base.dirfd, t->file, O_RDONLY, 0, err);
	if (t->fd == -1)
		return -1;
	if (fstat(t->fd, &t->seen) == 0 && cdb_init(&t->cdb, t->fd) == 0) {
		read_note(t, slice_of(TABLE_SOURCE_KEY, TABLE_SOURCE_KEY_LEN),
		    t->source, sizeof t->source);
		read_note(t, slice_of(TABLE_ID_KEY, TABLE_ID_KEY_LEN), t->id,
		    sizeof t->id);
		return 0;
	}
	err_sys(err, ERR_TEMP, "%s is no cdb", t->file);
	fd_close(&t->fd);
	return -1;
}

static void
name_files(struct table_cdb *t)
{
	if (t->file != NULL)
		return;
	t->file = xasprintf("%s.cdb", t->base.name);
	table_journal_init(&t->journal, t->base.name);
}

/* The file as it is now, opened. */
static int
fresh(struct table_cdb *t)
{
	name_files(t);
	if (t->fd != -1 &&
	    !table_file_changed(&t->seen, t->base.dirfd, t->file))
		return 0;
	return reopen(t, &t->base.problem);
}

static enum found
find_compiled(struct table_cdb *t, struct slice key, struct slice *value)
{
	const int hit = cdb_find(&t->cdb, key.p, (unsigned)key.n);
	const void *p = hit > 0 ? cdb_getdata(&t->cdb) : NULL;

	if (hit < 0 || (hit > 0 && p == NULL)) {
		err_set(&t->base.problem, ERR_TEMP, "%s is damaged", t->file);
		return TEMPFAIL;
	}
	*value = slice_of(p, hit > 0 ? cdb_datalen(&t->cdb) : 0);
	return hit > 0 ? FOUND : ABSENT;
}

/* The journal first: it begins when its cdb is there. */
static enum found
find(struct table_cdb *t, struct slice key, struct slice *value)
{
	const struct table_change *c = NULL;

	name_files(t);
	if (!table_looked(&t->looked) || (t->usable && t->fd == -1))
		t->usable = table_journal_refresh(&t->journal, t->base.dirfd,
				&t->base.problem) == 0 &&
			    fresh(t) == 0;
	if (!t->usable)
		return TEMPFAIL;
	if (table_journal_is_of(&t->journal, t->id))
		c = table_changes_find(&t->journal.changes, key);
	if (c == NULL)
		return find_compiled(t, key, value);
	*value = slice_str(c->value);
	return c->value != NULL ? FOUND : ABSENT;
}

static void
cdb_lookup(struct table *base, struct slice key, struct table_request *rq)
{
	struct slice value = { NULL, 0 };
	const enum found found =
	    find(OUTER(base, struct table_cdb, base), key, &value);

	table_answer(rq, found, value);
}

enum found
table_cdb_get(struct table *base, struct slice key, struct buf *value)
{
	struct table_cdb *t = OUTER(base, struct table_cdb, base);
	struct slice got = { NULL, 0 };
	const enum found found =
	    fresh(t) == -1 ? TEMPFAIL : find_compiled(t, key, &got);

	buf_add(value, got);
	return found;
}

const char *
table_cdb_id(struct table *base)
{
	return OUTER(base, struct table_cdb, base)->id;
}

/* Only a cdb that is there can say that the journal is none of its own. */
int
table_cdb_journal(struct table *base, struct table_journal **j, struct err *err)
{
	struct table_cdb *t = OUTER(base, struct table_cdb, base);

	name_files(t);
	*j = &t->journal;
	if (table_journal_refresh(&t->journal, base->dirfd, err) == -1)
		return -1;
	if (fresh(t) == 0 && !table_journal_is_of(&t->journal, t->id))
		table_journal_forget(&t->journal);
	return 0;
}

static void
cdb_cancel(struct table *t, struct table_request *rq)
{
	(void)t;
	(void)rq;
}

static bool
cdb_stale(struct table *base)
{
	struct table_cdb *t = OUTER(base, struct table_cdb, base);
	struct stat text;
	struct buf is;
	bool same;

	/* a cdb that came without its text is as good as it gets */
	if (fstatat(base->dirfd, base->name, &text, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	if (fresh(t) == -1)
		return true;
	buf_init(&is, TABLE_SOURCE_MAX);
	table_source(&text, &is);
	same = slice_is(buf_slice(&is), t->source);
	buf_fini(&is);
	return !same;
}

const struct table_type table_cdb = {
	.name = "cdb",
	.new = cdb_new,
	.free = cdb_done,
	.find = cdb_lookup,
	.cancel = cdb_cancel,
	.stale = cdb_stale,
	.at_once = true,
};
