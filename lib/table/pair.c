/* SPDX-License-Identifier: ISC */
#include "table/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "table/compile.h"

struct pair_files {
	char *cdb;
	char *next_text, *next_cdb;
};

static void
files_init(struct pair_files *f, const char *name)
{
	f->cdb = xasprintf("%s.cdb", name);
	f->next_text = xasprintf(".%s.next", name);
	f->next_cdb = xasprintf(".%s.cdb.next", name);
}

static void
files_fini(struct pair_files *f)
{
	free(f->cdb);
	free(f->next_text);
	free(f->next_cdb);
}

static enum found
is_there(int dirfd, const char *file, struct err *err)
{
	struct stat st;

	if (fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return FOUND;
	if (errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "stat %s", file);
	return TEMPFAIL;
}

/* The new text goes last: a new cdb alone says that it has its name. */
static int
discard(int dirfd, const struct pair_files *f, struct err *err)
{
	if (unlinkat(dirfd, f->next_cdb, 0) == 0) {
		if (fd_sync(dirfd, err) == -1)
			return -1;
	} else if (errno != ENOENT) {
		return err_sys(err, ERR_TEMP, "remove %s", f->next_cdb);
	}
	if (unlinkat(dirfd, f->next_text, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "remove %s", f->next_text);
	return 0;
}

enum found
table_merged(int dirfd, const char *name, struct err *err)
{
	struct pair_files f;
	enum found text, cdb = ABSENT;

	files_init(&f, name);
	text = is_there(dirfd, f.next_text, err);
	if (text == ABSENT)
		cdb = is_there(dirfd, f.next_cdb, err);
	files_fini(&f);
	return text == TEMPFAIL ? TEMPFAIL : cdb;
}

int
table_settle(int dirfd, const char *name, struct err *err)
{
	const enum found merged = table_merged(dirfd, name, err);
	struct pair_files f;
	int rc = -1;

	files_init(&f, name);
	if (merged == ABSENT)
		rc = discard(dirfd, &f, err);
	else if (merged == FOUND && fd_sync(dirfd, err) == 0)
		rc = durable_commit(dirfd, f.next_cdb, f.cdb, err);
	if (rc == 0) {
		durable_sweep(dirfd, name);
		durable_sweep(dirfd, f.cdb);
	}
	files_fini(&f);
	return rc;
}

int
table_write_both(int dirfd, const char *name, struct slice text,
    const struct stat *seen, struct err *err)
{
	struct pair_files f;
	struct stat st;
	int rc;

	files_init(&f, name);
	rc = durable_prepare(dirfd, f.next_text, text, seen, &st, err);
	if (rc == 0)
		rc = table_prepare_cdb(dirfd, name, text, &st, f.next_cdb, err);
	if (rc == 0)
		rc = durable_unchanged(dirfd, name, seen, err);
	if (rc == 0)
		rc = durable_commit(dirfd, f.next_text, name, err);
	if (rc == 0)
		rc = durable_commit(dirfd, f.next_cdb, f.cdb, err);
	/* once the text has its name, the next writer gives the cdb its own */
	if (rc == -1 && table_merged(dirfd, name, NULL) == ABSENT)
		(void)discard(dirfd, &f, NULL);
	files_fini(&f);
	return rc;
}
