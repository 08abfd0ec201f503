/* SPDX-License-Identifier: ISC */
#include "table/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"
#include "table/key.h"
#include "table/reader.h"
#include "table/type.h"

enum { TRIES = 1000 };

static const struct table_type *const types[] = {
#define TABLE_TYPE(name) &table_##name,
#include "table/types.def" // IWYU pragma: keep
#undef TABLE_TYPE
};

static const struct table_type *
type_of(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (slice_is(name, types[i]->name))
			return types[i];
	return NULL;
}

struct table *
table_open(const char *spec, int dirfd, struct err *err)
{
	struct slice name;
	const struct slice type_name = slice_cut(slice_str(spec), ':', &name);
	const struct table_type *type = type_of(type_name);
	struct table *t;

	if (type == NULL || name.n == 0) {
		err_set(
		    err, ERR_PERM, "%s: expected text:NAME or cdb:NAME", spec);
		return NULL;
	}
	if (slice_find(name, '/') < name.n || name.p[0] == '.') {
		err_set(err, ERR_PERM,
		    "%s: expected the name of a file without directories",
		    spec);
		return NULL;
	}
	t = type->new ();
	t->type = type;
	t->spec = xstrdup(spec);
	t->name = t->spec + type_name.n + 1;
	t->dirfd = dirfd;
	return t;
}

void
table_free(struct table **t)
{
	struct table *gone = *t;

	*t = NULL;
	if (gone == NULL)
		return;
	xfree(&gone->spec);
	gone->type->free(gone);
}

void
table_find(struct table *t, struct slice key, struct table_request *rq)
{
	char space[TABLE_KEY_MAX];
	struct slice folded;

	must(rq->table == NULL);
	rq->table = t;
	if (!table_fold(key, space, &folded))
		table_answer(rq, ABSENT, slice_of(NULL, 0));
	else
		t->type->find(t, folded, rq);
}

void
table_cancel(struct table_request *rq)
{
	struct table *t = rq->table;

	rq->table = NULL;
	if (t != NULL)
		t->type->cancel(t, rq);
}

void
table_answer(struct table_request *rq, enum found found, struct slice value)
{
	rq->table = NULL;
	rq->done(rq, found, value);
}

struct table_wait {
	struct table_request rq;
	enum found found;
	struct buf *value;
};

static void
on_answer(struct table_request *rq, enum found found, struct slice value)
{
	struct table_wait *w = OUTER(rq, struct table_wait, rq);

	w->found = found;
	buf_add(w->value, value);
}

enum found
table_get(struct table *t, struct slice key, struct buf *value, struct err *err)
{
	struct table_wait w = {
		.rq = { .done = on_answer },
		.found = TEMPFAIL,
		.value = value,
	};

	must(t->type->at_once);
	table_find(t, key, &w.rq);
	if (w.found == TEMPFAIL)
		err_set(err, ERR_TEMP, "%s: %s", t->spec, t->problem.text);
	return w.found;
}

const char *
table_spec(const struct table *t)
{
	return t->spec;
}

const char *
table_problem(const struct table *t)
{
	return t->problem.text;
}

void
table_log_problem(const struct table *t)
{
	log_err("table.failed", kv_s("table", table_spec(t)),
	    kv_s("why", table_problem(t)));
}

bool
table_exists(const struct table *t)
{
	char *compiled = xasprintf("%s.cdb", t->name);
	struct stat st;
	const bool there =
	    fstatat(t->dirfd, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    (t->type == &table_cdb &&
		fstatat(t->dirfd, compiled, &st, AT_SYMLINK_NOFOLLOW) == 0);

	free(compiled);
	return there;
}

/* A cdb keeps its keys in 256 places: as many keys that nobody has see most of
 * them, without reading a large table as a whole. */
int
table_try(struct table *t, struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found = ABSENT;

	if (!table_exists(t))
		return 0;
	for (unsigned i = 0; i < TRIES && found != TEMPFAIL; i++) {
		char key[32];

		snprintf(key, sizeof key, "%u.invalid", i);
		buf_reset(&value);
		found = table_get(t, slice_str(key), &value, err);
	}
	buf_fini(&value);
	return found == TEMPFAIL ? -1 : 0;
}

int
table_try_needed(struct table *t, struct err *err)
{
	return table_exists(t) ? table_try(t, err)
			       : err_set(err, ERR_PERM,
				     "%s: there is no such table", t->spec);
}

bool
table_stale(struct table *t)
{
	return t->type->stale != NULL && t->type->stale(t);
}

static uint64_t looks; /* 0: nobody says when */

void
table_look_again(void)
{
	looks++;
}

bool
table_looked(uint64_t *mark)
{
	const bool looked = looks > 0 && *mark == looks;

	*mark = looks;
	return looked;
}

bool
table_file_changed(const struct stat *seen, int dirfd, const char *file)
{
	struct stat now;

	return fstatat(dirfd, file, &now, AT_SYMLINK_NOFOLLOW) == -1 ||
	       now.st_dev != seen->st_dev || now.st_ino != seen->st_ino ||
	       now.st_size != seen->st_size ||
	       memcmp(&now.st_ctim, &seen->st_ctim, sizeof now.st_ctim) != 0;
}
