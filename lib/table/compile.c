/* SPDX-License-Identifier: ISC */
#include "table/compile.h"

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/mem.h"
#include "sys/beneath.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "table/kind.h"
#include "table/reader.h"

/* The numbers in a cdb have 32 bits. */
enum { TEXT_MAX = 1 << 30 };

/* One text on its way into a cdb, which is made in memory. */
struct compile {
	const char *name;
	const struct table_kind *kind;
	struct table_report *rep;
	struct err *err; /* the first mistake */
	unsigned mistakes;
	struct map seen; /* key to line */
	struct cdb_make cdb;
	bool making; /* cdb holds memory until it is finished */
	int memfd;
};

static int
compile_init(struct compile *c, const char *name, struct table_report *rep,
    struct err *err)
{
	*c = (struct compile){
		.name = name,
		.kind = table_kind_of(name),
		.rep = rep,
		.err = err,
	};
	map_init(&c->seen);
	c->memfd = memfd_create("cdb", MFD_CLOEXEC);
	if (c->memfd == -1)
		return err_sys(err, ERR_TEMP, "memfd");
	if (cdb_make_start(&c->cdb, c->memfd) != 0)
		return err_sys(err, ERR_TEMP, "cdb");
	c->making = true;
	return 0;
}

static int
finish(struct compile *c)
{
	c->making = false;
	return cdb_make_finish(&c->cdb);
}

static void
compile_fini(struct compile *c)
{
	if (c->making)
		(void)finish(c);
	map_fini(&c->seen);
	fd_close(&c->memfd);
}

static void
mistake(struct compile *c, unsigned line, const char *text)
{
	if (c->mistakes++ == 0)
		err_set(c->err, ERR_PERM, "%s:%u: %s", c->name, line, text);
	if (c->rep != NULL)
		c->rep->mistake(c->rep, line, text);
}

static int
put(struct compile *c, struct slice key, struct slice value)
{
	if (cdb_make_add(&c->cdb, key.p, (unsigned)key.n, value.p,
		(unsigned)value.n) != 0)
		return err_sys(c->err, ERR_TEMP, "%s.cdb", c->name);
	return 0;
}

/* The line that KEY stood on before; 0 when it did not. */
static unsigned
stood_on(struct compile *c, struct slice key, unsigned line)
{
	return (unsigned)(uintptr_t)map_put(
	    &c->seen, key, (void *)(uintptr_t)line);
}

static int
add_entry(struct compile *c, const struct table_reader *r)
{
	const struct slice key = buf_slice(&r->key);
	const struct slice value = buf_slice(&r->value);
	const unsigned before = stood_on(c, key, r->line);
	struct err why;

	if (before != 0) {
		err_set(&why, ERR_PERM, "%.*s stands already on line %u",
		    SLICE_FMT(key), before);
		mistake(c, r->line, why.text);
	} else if (c->kind->check != NULL &&
		   c->kind->check(key, value, &why) == -1) {
		mistake(c, r->line, why.text);
	} else {
		return put(c, key, value);
	}
	return 0;
}

/* Take in the whole text; -1 when it has mistakes. */
static int
compile_text(struct compile *c, struct slice text)
{
	struct table_reader r;
	struct err why;
	enum found found;
	int rc = 0;

	table_reader_init(&r, text);
	while (rc == 0 && (found = table_reader_next(&r, &why)) != ABSENT) {
		if (found == FOUND)
			rc = add_entry(c, &r);
		else
			mistake(c, r.line, why.text);
	}
	table_reader_fini(&r);
	return c->mistakes > 0 ? -1 : rc;
}

void
table_source(const struct stat *text, struct buf *out)
{
	buf_addf(out, "%lld.%09ld %lld", (long long)text->st_mtim.tv_sec,
	    text->st_mtim.tv_nsec, (long long)text->st_size);
}

/* Write the cdb out, as made from the text that TEXT says. */
static int
install(struct compile *c, int dirfd, const struct stat *text)
{
	char *file = xasprintf("%s.cdb", c->name);
	struct buf source;
	struct stat st;
	void *p = MAP_FAILED;
	int rc = -1;

	buf_init(&source, TABLE_SOURCE_MAX);
	table_source(text, &source);
	if (put(c, slice_of(TABLE_SOURCE_KEY, TABLE_SOURCE_KEY_LEN),
		buf_slice(&source)) == -1)
		goto out;
	if (finish(c) != 0 || fstat(c->memfd, &st) == -1) {
		err_sys(c->err, ERR_TEMP, "%s", file);
		goto out;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, c->memfd, 0);
	if (p == MAP_FAILED) {
		err_sys(c->err, ERR_TEMP, "%s", file);
		goto out;
	}
	rc = durable_replace_like(
	    dirfd, file, slice_of(p, (size_t)st.st_size), text, c->err);
	munmap(p, (size_t)st.st_size);
out:
	buf_fini(&source);
	free(file);
	return rc;
}

static int
read_text(int dirfd, const char *name, struct buf *text, struct stat *st,
    struct err *err)
{
	int rc = -1;
	int fd = beneath_open(dirfd, name, O_RDONLY, 0, err);

	if (fd == -1)
		return -1;
	if (fstat(fd, st) == -1)
		err_sys(err, ERR_TEMP, "stat %s", name);
	else
		rc = fd_read_file(fd, text, err);
	fd_close(&fd);
	return rc;
}

/* One writer at a time; -1 or an fd that holds the lock until closed. */
static int
lock_dir(int dirfd, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open the directory of tables");
	while (flock(fd, LOCK_EX) == -1) {
		if (errno == EINTR)
			continue;
		fd_close(&fd);
		return err_sys(err, ERR_TEMP, "lock the directory of tables");
	}
	return fd;
}

int
table_compile(
    int dirfd, const char *name, struct table_report *rep, struct err *err)
{
	struct err ignored;
	struct compile c;
	struct stat st;
	struct buf text;
	int rc = -1;
	int lock = lock_dir(dirfd, err);

	if (lock == -1)
		return -1;
	buf_init(&text, TEXT_MAX);
	if (read_text(dirfd, name, &text, &st, err) == -1)
		goto out;
	if (compile_init(&c, name, rep, err != NULL ? err : &ignored) == 0 &&
	    compile_text(&c, buf_slice(&text)) == 0)
		rc = install(&c, dirfd, &st);
	compile_fini(&c);
out:
	buf_fini(&text);
	fd_close(&lock);
	return rc;
}

/* "key value\n" to OUT; -1 when that would not read back as the same. */
static int
format_entry(const struct table_kind *kind, struct slice key,
    struct slice value, struct buf *out, struct err *err)
{
	struct table_reader r;
	bool same;

	buf_add(out, key);
	buf_adds(out, kind->colon ? ": " : " ");
	buf_add(out, value);
	buf_addc(out, '\n');
	table_reader_init(&r, buf_slice(out));
	same = table_reader_next(&r, NULL) == FOUND &&
	       slice_ieq(buf_slice(&r.key), key) &&
	       slice_eq(buf_slice(&r.value), value) && r.at == out->n;
	table_reader_fini(&r);
	if (same)
		return 0;
	return err_set(err, ERR_PERM, "%.*s cannot be written as one entry",
	    SLICE_FMT(key));
}

/* Where KEY's entry stands in TEXT. */
static bool
find_entry(struct slice text, struct slice key, size_t *from, size_t *to)
{
	struct table_reader r;
	enum found found;
	bool hit = false;

	table_reader_init(&r, text);
	while (!hit && (found = table_reader_next(&r, NULL)) != ABSENT)
		hit = found == FOUND && slice_ieq(buf_slice(&r.key), key);
	*from = hit ? r.from : text.n;
	*to = hit ? r.to : text.n;
	table_reader_fini(&r);
	return hit;
}

/* TEXT with the entry put, changed or taken out, to OUT. */
static int
edit_text(const struct table_kind *kind, enum table_edit how, struct slice text,
    struct slice key, struct slice value, struct buf *out, struct err *err)
{
	struct buf entry;
	size_t from, to;
	const bool there = find_entry(text, key, &from, &to);
	int rc = 0;

	if (there && how == TABLE_ADD)
		return err_set(
		    err, ERR_PERM, "%.*s is already there", SLICE_FMT(key));
	if (!there && (how == TABLE_SET || how == TABLE_DEL))
		return err_set(
		    err, ERR_PERM, "%.*s is not there", SLICE_FMT(key));
	buf_init(&entry, TABLE_KEY_MAX + TABLE_VALUE_MAX + 8);
	if (how != TABLE_DEL)
		rc = format_entry(kind, key, value, &entry, err);
	buf_add(out, slice_sub(text, 0, from));
	if (from > 0 && text.p[from - 1] != '\n')
		buf_addc(out, '\n');
	buf_add(out, buf_slice(&entry));
	buf_add(out, slice_from(text, to));
	buf_fini(&entry);
	if (rc == 0 && out->failed)
		return err_set(err, ERR_PERM, "the table is too large");
	return rc;
}

/* Compile TEXT in memory, replace the text's file, then the cdb. */
static int
write_both(int dirfd, const char *name, struct slice text,
    const struct stat *like, struct err *err)
{
	struct compile c;
	struct stat st;
	int rc = -1;

	if (compile_init(&c, name, NULL, err) == 0 &&
	    compile_text(&c, text) == 0 &&
	    durable_replace_like(dirfd, name, text, like, err) == 0) {
		if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			rc = install(&c, dirfd, &st);
		else
			err_sys(err, ERR_TEMP, "stat %s", name);
	}
	compile_fini(&c);
	return rc;
}

int
table_edit(int dirfd, const char *name, enum table_edit how, struct slice key,
    struct slice value, struct err *err)
{
	struct stat st = {
		.st_mode = 0640,
		.st_uid = (uid_t)-1,
		.st_gid = (gid_t)-1,
	};
	struct buf old, new;
	struct err why;
	int rc = -1;
	int lock = lock_dir(dirfd, err);

	if (lock == -1)
		return -1;
	if (err == NULL)
		err = &why;
	buf_init(&old, TEXT_MAX);
	buf_init(&new, TEXT_MAX);
	errno = 0;
	if ((read_text(dirfd, name, &old, &st, err) == 0 || errno == ENOENT) &&
	    edit_text(table_kind_of(name), how, buf_slice(&old), key, value,
		&new, err) == 0)
		rc = write_both(dirfd, name, buf_slice(&new), &st, err);
	buf_fini(&old);
	buf_fini(&new);
	fd_close(&lock);
	return rc;
}
