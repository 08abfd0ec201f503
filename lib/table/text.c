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
#include "sys/beneath.h"
#include "sys/fd.h"
#include "table/reader.h"
#include "table/table.h"
#include "table/type.h"

enum { TEXT_MAX = 64 << 20 };

struct table_text {
	struct table base;
	struct map entries; /* key to a string of its own */
	struct stat seen;
	bool loaded;
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

static int
load(struct table_text *t, struct err *err)
{
	struct buf text;
	int fd, rc = -1;

	forget(t);
	fd = beneath_open(t->base.dirfd, t->base.name, O_RDONLY, 0, err);
	if (fd == -1)
		return -1;
	buf_init(&text, TEXT_MAX);
	if (fstat(fd, &t->seen) == -1)
		err_sys(err, ERR_TEMP, "stat");
	else if (fd_read_file(fd, &text, err) == 0)
		rc = fill(t, buf_slice(&text), err);
	t->loaded = rc == 0;
	buf_fini(&text);
	fd_close(&fd);
	return rc;
}

static void
text_find(struct table *base, struct slice key, struct table_request *rq)
{
	struct table_text *t = OUTER(base, struct table_text, base);
	const char *value;

	if ((!t->loaded ||
		table_file_changed(&t->seen, base->dirfd, base->name)) &&
	    load(t, &base->problem) == -1) {
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
