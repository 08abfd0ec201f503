/* SPDX-License-Identifier: ISC */
#include "table/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "sys/beneath.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "table/key.h"
#include "table/reader.h"

enum { SUM_LEN = 8, JOURNAL_MAX = 64 << 20 };
enum { JOURNAL_LINE_MAX = TABLE_KEY_MAX + TABLE_VALUE_MAX + 200 };

void
table_journal_init(struct table_journal *j, const char *name)
{
	*j = (struct table_journal){
		.file = xasprintf("%s.journal", name),
		.fd = -1,
	};
	table_changes_init(&j->changes);
}

void
table_journal_fini(struct table_journal *j)
{
	table_changes_fini(&j->changes);
	fd_close(&j->fd);
	xfree(&j->file);
}

bool
table_journal_is_of(const struct table_journal *j, const char *id)
{
	return j->there && strcmp(j->cdb, id) == 0;
}

void
table_journal_forget(struct table_journal *j)
{
	table_changes_fini(&j->changes);
	table_changes_init(&j->changes);
	fd_close(&j->fd);
	j->there = false;
	j->at = 0;
	j->crc = 0;
	j->cdb[0] = '\0';
}

/* "= id\n", "+ key value\n" or "- key\n" */
static bool
take_change(struct table_journal *j, struct slice line)
{
	const struct slice rest = slice_sub(line, 2, line.n - 3);
	struct table_reader r;
	struct slice value;
	bool ok = true;

	if ((line.p[0] == '=') != (j->at == 0) || line.p[1] != ' ')
		return false;
	if (line.p[0] == '=')
		return slice_copy(rest, j->cdb, sizeof j->cdb);
	if (line.p[0] == '-') {
		table_changes_put(&j->changes, rest, NULL);
		return true;
	}
	if (line.p[0] != '+')
		return false;
	table_reader_init(&r, slice_from(line, 2));
	if (table_reader_next(&r, NULL) == FOUND) {
		value = buf_slice(&r.value);
		table_changes_put(&j->changes, buf_slice(&r.key), &value);
	} else {
		ok = false;
	}
	table_reader_fini(&r);
	return ok;
}

/* LINE with its newline; false when it does not continue what was read. */
static bool
take_line(struct table_journal *j, struct slice line)
{
	char sum[SUM_LEN + 1];
	struct slice rest;
	uint32_t crc;

	if (line.n < SUM_LEN + 5 || line.p[SUM_LEN] != ' ')
		return false;
	rest = slice_from(line, SUM_LEN + 1);
	crc = crc32c(j->crc, rest);
	snprintf(sum, sizeof sum, "%08x", crc);
	if (memcmp(sum, line.p, SUM_LEN) != 0 || !take_change(j, rest))
		return false;
	j->crc = crc;
	return true;
}

/* The lines in TEXT, which begins at j->at.  False: there is a line that does
 * not fit, and it is not the last, as a crash would leave it. */
static bool
take_lines(struct table_journal *j, struct slice text)
{
	const bool first = j->at == 0;

	while (text.n > 0) {
		const size_t n = slice_find(text, '\n') + 1;

		if (n > text.n)
			return true;
		if (!take_line(j, slice_sub(text, 0, n)))
			return first && n == text.n;
		j->at += n;
		text = slice_from(text, n);
	}
	return true;
}

static int
read_from(int fd, size_t at, struct buf *out, struct err *err)
{
	for (;;) {
		char *room = buf_room(out, 65536);
		ssize_t n;

		if (room == NULL)
			return err_set(err, ERR_TEMP, "too large");
		n = pread(fd, room, 65536, (off_t)(at + out->n));
		if (n == -1)
			return err_sys(err, ERR_TEMP, "read");
		if (n == 0)
			return 0;
		buf_added(out, (size_t)n);
	}
}

/* Read on from j->at.  ABSENT: what stands there does not go on from what was
 * read. */
static enum found
read_on(struct table_journal *j, struct err *err)
{
	struct buf text;
	struct err why;
	enum found found = TEMPFAIL;

	buf_init(&text, JOURNAL_MAX);
	if (fstat(j->fd, &j->seen) == -1)
		err_sys(err, ERR_TEMP, "stat %s", j->file);
	else if (read_from(j->fd, j->at, &text, &why) == -1)
		err_set(err, ERR_TEMP, "%s: %s", j->file, why.text);
	else
		found = take_lines(j, buf_slice(&text)) ? FOUND : ABSENT;
	buf_fini(&text);
	return found;
}

static int
load(struct table_journal *j, int dirfd, struct err *err)
{
	enum found found;

	table_journal_forget(j);
	j->fd = beneath_open(dirfd, j->file, O_RDONLY, 0, err);
	if (j->fd == -1)
		return -1;
	found = read_on(j, err);
	j->there = found == FOUND;
	if (found == ABSENT)
		err_set(err, ERR_TEMP,
		    "%s is corrupt after its first %zu bytes, which are valid: "
		    "truncate it there",
		    j->file, j->at);
	if (!j->there)
		table_journal_forget(j);
	return j->there ? 0 : -1;
}

int
table_journal_refresh(struct table_journal *j, int dirfd, struct err *err)
{
	struct stat st;
	bool grown;

	if (fstatat(dirfd, j->file, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno != ENOENT)
			return err_sys(err, ERR_TEMP, "stat %s", j->file);
		if (j->there)
			table_journal_forget(j);
		return 0;
	}
	grown = j->there && st.st_dev == j->seen.st_dev &&
		st.st_ino == j->seen.st_ino;
	if (grown && st.st_size == j->seen.st_size &&
	    memcmp(&st.st_ctim, &j->seen.st_ctim, sizeof st.st_ctim) == 0)
		return 0;
	/* what shrank or changed in place was taken back in part */
	if (grown && st.st_size > j->seen.st_size && read_on(j, err) == FOUND)
		return 0;
	return load(j, dirfd, err);
}

/* REST with its sum before it; *CRC goes on. */
static void
put_line(uint32_t *crc, struct buf *rest, struct buf *out)
{
	*crc = crc32c(*crc, buf_slice(rest));
	buf_addf(out, "%08x ", *crc);
	buf_add(out, buf_slice(rest));
	buf_reset(rest);
}

static int
format_lines(const struct table_journal *j, const struct table_kind *kind,
    struct slice key, const struct slice *value, const char *id,
    struct buf *out, struct err *err)
{
	struct buf rest;
	const bool begun = table_journal_is_of(j, id);
	uint32_t crc = begun ? j->crc : 0;
	int rc = 0;

	buf_init(&rest, JOURNAL_LINE_MAX);
	if (!begun) {
		buf_addf(&rest, "= %s\n", id);
		put_line(&crc, &rest, out);
	}
	buf_adds(&rest, value != NULL ? "+ " : "- ");
	if (value != NULL)
		rc = table_format_entry(kind, key, *value, &rest, err);
	else
		buf_addf(&rest, "%.*s\n", SLICE_FMT(key));
	put_line(&crc, &rest, out);
	buf_fini(&rest);
	return rc;
}

int
table_journal_add(struct table_journal *j, int dirfd,
    const struct table_kind *kind, struct slice key, const struct slice *value,
    const char *id, const struct stat *like, struct err *err)
{
	struct buf line;
	int rc;

	buf_init(&line, JOURNAL_LINE_MAX);
	rc = format_lines(j, kind, key, value, id, &line, err);
	if (rc == 0 && table_journal_is_of(j, id))
		rc = durable_append(
		    dirfd, j->file, (int64_t)j->at, buf_slice(&line), err);
	else if (rc == 0 && durable_replace_like(dirfd, j->file,
				buf_slice(&line), like, err) == -1) {
		/* it may have its name already */
		(void)unlinkat(dirfd, j->file, 0);
		rc = -1;
	}
	buf_fini(&line);
	return rc;
}

void
table_journal_sweep(int dirfd, const char *name)
{
	char *file = xasprintf("%s.journal", name);

	durable_sweep(dirfd, file);
	free(file);
}

/* Not synced: one that a crash brings back is void still. */
void
table_journal_remove(struct table_journal *j, int dirfd)
{
	(void)unlinkat(dirfd, j->file, 0);
	table_journal_forget(j);
}
