/* SPDX-License-Identifier: ISC */
/* Tables compiled to NAME.cdb (table/compile.h). */
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
#include "table/compile.h"
#include "table/table.h"
#include "table/type.h"

struct table_cdb {
	struct table base;
	char *file; /* NAME.cdb */
	struct stat seen;
	struct cdb cdb;
	int fd; /* -1: not open */
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
	free(t->file);
	free(t);
}

static int
reopen(struct table_cdb *t, struct err *err)
{
	shut(t);
	t->fd = beneath_open(t->base.dirfd, t->file, O_RDONLY, 0, err);
	if (t->fd == -1)
		return -1;
	if (fstat(t->fd, &t->seen) == 0 && cdb_init(&t->cdb, t->fd) == 0)
		return 0;
	err_sys(err, ERR_TEMP, "%s is no cdb", t->file);
	fd_close(&t->fd);
	return -1;
}

/* The file as it is now, opened. */
static int
fresh(struct table_cdb *t)
{
	if (t->file == NULL)
		t->file = xasprintf("%s.cdb", t->base.name);
	if (t->fd != -1 &&
	    !table_file_changed(&t->seen, t->base.dirfd, t->file))
		return 0;
	return reopen(t, &t->base.problem);
}

static void
cdb_lookup(struct table *base, struct slice key, struct table_request *rq)
{
	struct table_cdb *t = OUTER(base, struct table_cdb, base);
	const void *p = NULL;
	int hit;

	if (fresh(t) == -1) {
		table_answer(rq, TEMPFAIL, slice_of(NULL, 0));
		return;
	}
	hit = cdb_find(&t->cdb, key.p, (unsigned)key.n);
	if (hit > 0)
		p = cdb_getdata(&t->cdb);
	if (hit < 0 || (hit > 0 && p == NULL)) {
		err_set(&base->problem, ERR_TEMP, "%s is damaged", t->file);
		table_answer(rq, TEMPFAIL, slice_of(NULL, 0));
		return;
	}
	table_answer(rq, hit > 0 ? FOUND : ABSENT,
	    slice_of(p, hit > 0 ? cdb_datalen(&t->cdb) : 0));
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
	bool same = false;

	/* a cdb that came without its text is as good as it gets */
	if (fstatat(base->dirfd, base->name, &text, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	if (fresh(t) == -1)
		return true;
	buf_init(&is, TABLE_SOURCE_MAX);
	table_source(&text, &is);
	if (cdb_find(&t->cdb, TABLE_SOURCE_KEY, TABLE_SOURCE_KEY_LEN) > 0)
		same = slice_eq(buf_slice(&is),
		    slice_of(cdb_getdata(&t->cdb), cdb_datalen(&t->cdb)));
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
