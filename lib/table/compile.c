/* SPDX-License-Identifier: ISC */
#include "table/compile.h"

#include <bsd/stdlib.h>
#include <cdb.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/mem.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "table/kind.h"
#include "table/reader.h"

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
		err_set(&why, ERR_PERM, "%.*s is already on line %u",
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

/* The cdb, made from the text that TEXT says, in *P of *N bytes (munmap). */
static int
finish_cdb(struct compile *c, const struct stat *text, void **p, size_t *n)
{
	struct buf source, id;
	struct stat st;
	int rc;

	buf_init(&source, TABLE_SOURCE_MAX);
	table_source(text, &source);
	buf_init(&id, TABLE_ID_MAX);
	buf_addf(&id, "%08x%08x", arc4random(), arc4random());
	rc = put(c, slice_of(TABLE_SOURCE_KEY, TABLE_SOURCE_KEY_LEN),
	    buf_slice(&source));
	if (rc == 0)
		rc = put(c, slice_of(TABLE_ID_KEY, TABLE_ID_KEY_LEN),
		    buf_slice(&id));
	buf_fini(&source);
	buf_fini(&id);
	if (rc == -1)
		return -1;
	if (finish(c) != 0 || fstat(c->memfd, &st) == -1)
		return err_sys(c->err, ERR_TEMP, "%s.cdb", c->name);
	*n = (size_t)st.st_size;
	*p = mmap(NULL, *n, PROT_READ, MAP_SHARED, c->memfd, 0);
	if (*p == MAP_FAILED)
		return err_sys(c->err, ERR_TEMP, "%s.cdb", c->name);
	return 0;
}

/* The cdb to FILE; PREPARE: as a file that waits for its name. */
static int
write_cdb(struct compile *c, int dirfd, const char *file,
    const struct stat *text, bool prepare)
{
	void *p = NULL;
	size_t n = 0;
	int rc;

	if (finish_cdb(c, text, &p, &n) == -1)
		return -1;
	rc = prepare ? durable_prepare(
			   dirfd, file, slice_of(p, n), text, NULL, c->err)
		     : durable_replace_like(
			   dirfd, file, slice_of(p, n), text, c->err);
	munmap(p, n);
	return rc;
}

/* Take TEXT into C; -1 when it has mistakes or memory fails. */
static int
begin(struct compile *c, const char *name, struct slice text,
    struct table_report *rep, struct err *err)
{
	if (compile_init(c, name, rep, err) == -1)
		return -1;
	return compile_text(c, text);
}

int
table_check_text(const char *name, struct slice text, struct table_report *rep,
    struct err *err)
{
	struct err ignored;
	struct compile c;
	const int rc = begin(&c, name, text, rep, err != NULL ? err : &ignored);

	compile_fini(&c);
	return rc;
}

static int
write_checked(int dirfd, const char *name, struct slice text,
    const struct stat *st, const char *file, bool prepare,
    struct table_report *rep, struct err *err)
{
	struct err ignored;
	struct compile c;
	int rc = begin(&c, name, text, rep, err != NULL ? err : &ignored);

	if (rc == 0)
		rc = write_cdb(&c, dirfd, file, st, prepare);
	compile_fini(&c);
	return rc;
}

int
table_write_cdb(int dirfd, const char *name, struct slice text,
    const struct stat *st, struct table_report *rep, struct err *err)
{
	char *file = xasprintf("%s.cdb", name);
	const int rc =
	    write_checked(dirfd, name, text, st, file, false, rep, err);

	free(file);
	return rc;
}

int
table_prepare_cdb(int dirfd, const char *name, struct slice text,
    const struct stat *st, const char *tmp, struct err *err)
{
	return write_checked(dirfd, name, text, st, tmp, true, NULL, err);
}
