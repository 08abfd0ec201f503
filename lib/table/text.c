/* SPDX-License-Identifier: ISC */
/* Tables read from their text as it stands, whole, into memory: for small ones
 * that are edited by hand. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "table/edit.h"
#include "table/reader.h"
#include "table/table.h"
#include "table/type.h"

enum { TEXT_MAX = 64 << 20 };

struct table_text {
	struct table base;
	struct map entries; /* key to a string of its own */
	char *journal;      /* its name: the entries include what it holds */
	struct stat seen, seen_journal;
	bool loaded;
	uint64_t looked; /* see table_looked */
	bool usable;     /* then */
};

static struct table *
text_new(void)
{
	struct table_text *t = xcalloc(1, sizeof *t);

	map_init(&t->entries);
	return &t->base;
}

static void
forget(struct table_text *t)
{
	struct map_iter it = { 0 };

	while (map_next(&t->entries, &it))
		free(it.value);
	map_fini(&t->entries);
	t->loaded = false;
}

static void
text_free(struct table *base)
{
	struct table_text *t = OUTER(base, struct table_text, base);

	forget(t);
	free(t->journal);
	free(t);
}

static int
fill(struct table_text *t, struct slice text, struct err *err)
{
	struct table_reader r;
	enum found found;

	table_reader_init(&r, text);
	while ((found = table_reader_next(&r, err)) == FOUND) {
		char *value = xslicedup(buf_slice(&r.value));

		/* the first of two counts, as in a cdb */
		if (map_find(&t->entries, buf_slice(&r.key)) != NULL)
			free(value);
		else
			map_put(&t->entries, buf_slice(&r.key), value);
	}
	if (found == TEMPFAIL) {
		const struct err why = *err;

		err_set(err, ERR_TEMP, "line %u: %s", r.line, why.text);
	}
	table_reader_fini(&r);
	return found == ABSENT ? 0 : -1;
}

/* What FILE is like now; all zero when it cannot be seen. */
static void
look_at(const struct table_text *t, const char *file, struct stat *st)
{
	if (fstatat(t->base.dirfd, file, st, AT_SYMLINK_NOFOLLOW) == -1)
		*st = (struct stat){ .st_size = 0 };
}

static int
load(struct table_text *t, struct err *err)
{
	struct buf text;
	int rc;

	forget(t);
	look_at(t, t->base.name, &t->seen);
	look_at(t, t->journal, &t->seen_journal);
	buf_init(&text, TEXT_MAX);
	rc = table_read_merged(t->base.dirfd, t->base.name, &text, err);
	if (rc == 0)
		rc = fill(t, buf_slice(&text), err);
	t->loaded = rc == 0;
	buf_fini(&text);
	return rc;
}

static bool
has_changed(struct table_text *t)
{
	struct stat journal;

	if (t->journal == NULL)
		t->journal = xasprintf("%s.journal", t->base.name);
	if (!t->loaded ||
	    table_file_changed(&t->seen, t->base.dirfd, t->base.name))
		return true;
	look_at(t, t->journal, &journal);
	return journal.st_ino != t->seen_journal.st_ino ||
	       journal.st_size != t->seen_journal.st_size;
}

static void
text_find(struct table *base, struct slice key, struct table_request *rq)
{
	struct table_text *t = OUTER(base, struct table_text, base);
	const char *value;

	if (!table_looked(&t->looked))
		t->usable = !has_changed(t) || load(t, &base->problem) == 0;
	if (!t->usable) {
		table_answer(rq, TEMPFAIL, slice_of(NULL, 0));
		return;
	}
	value = map_find(&t->entries, key);
	table_answer(rq, value != NULL ? FOUND : ABSENT, slice_str(value));
}

static void
text_cancel(struct table *t, struct table_request *rq)
{
	(void)t;
	(void)rq;
}

const struct table_type table_text = {
	.name = "text",
	.new = text_new,
	.free = text_free,
	.find = text_find,
	.cancel = text_cancel,
	.at_once = true,
};
