/* SPDX-License-Identifier: ISC */
#include "table/changes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "table/kind.h"
#include "table/reader.h"

void
table_changes_init(struct table_changes *s)
{
	map_init(&s->by_key);
	TAILQ_INIT(&s->all);
}

void
table_changes_fini(struct table_changes *s)
{
	struct table_change *c;

	while ((c = TAILQ_FIRST(&s->all)) != NULL) {
		TAILQ_REMOVE(&s->all, c, link);
		free(c->key);
		free(c->value);
		free(c);
	}
	map_fini(&s->by_key);
}

struct table_change *
table_changes_find(const struct table_changes *s, struct slice key)
{
	return map_find(&s->by_key, key);
}

void
table_changes_put(
    struct table_changes *s, struct slice key, const struct slice *value)
{
	struct table_change *c = table_changes_find(s, key);

	if (c == NULL) {
		c = xcalloc(1, sizeof *c);
		c->key = xslicedup(key);
		map_put(&s->by_key, key, c);
		TAILQ_INSERT_TAIL(&s->all, c, link);
	}
	xfree(&c->value);
	if (value != NULL)
		c->value = xslicedup(*value);
}

int
table_format_entry(const struct table_kind *kind, struct slice key,
    struct slice value, struct buf *out, struct err *err)
{
	const size_t from = out->n;
	struct table_reader r;
	bool same;

	buf_add(out, key);
	buf_adds(out, kind->colon ? ":" : "");
	buf_adds(out, value.n > 0 ? " " : "");
	buf_add(out, value);
	buf_addc(out, '\n');
	table_reader_init(&r, slice_from(buf_slice(out), from));
	same = !out->failed && table_reader_next(&r, NULL) == FOUND &&
	       slice_eq(buf_slice(&r.key), key) &&
	       slice_eq(buf_slice(&r.value), value) && r.at == r.text.n;
	table_reader_fini(&r);
	if (same)
		return 0;
	return err_set(err, ERR_PERM, "%.*s cannot be written as one entry",
	    SLICE_FMT(key));
}

static bool
counts(struct table_judge *j, const struct table_change *c, unsigned line,
    const struct slice *text)
{
	return j == NULL || j->counts(j, c, line, text);
}

static int
put_entry(const struct table_kind *kind, const struct table_change *c,
    struct buf *out, struct err *err)
{
	if (c->value == NULL)
		return 0;
	return table_format_entry(
	    kind, slice_str(c->key), slice_str(c->value), out, err);
}

/* The entries that the text has no place for. */
static int
put_new(struct table_changes *s, const struct table_kind *kind,
    struct table_judge *judge, struct buf *out, struct err *err)
{
	const struct table_change *c;

	if (out->n > 0 && out->p[out->n - 1] != '\n' && !TAILQ_EMPTY(&s->all))
		buf_addc(out, '\n');
	TAILQ_FOREACH(c, &s->all, link)
	if (!c->there && counts(judge, c, 0, NULL) &&
	    put_entry(kind, c, out, err) == -1)
		return -1;
	return 0;
}

int
table_changes_merge(struct table_changes *s, const struct table_kind *kind,
    struct slice text, struct table_judge *judge, struct buf *out,
    struct err *err)
{
	struct table_change *c;
	struct table_reader r;
	enum found found;
	size_t at = 0;
	int rc = 0;

	TAILQ_FOREACH(c, &s->all, link)
	c->there = false;
	table_reader_init(&r, text);
	while (rc == 0 && (found = table_reader_next(&r, NULL)) != ABSENT) {
		const struct slice value = buf_slice(&r.value);

		c = found == FOUND ? table_changes_find(s, buf_slice(&r.key))
				   : NULL;
		if (c == NULL)
			continue;
		c->there = true;
		if (!counts(judge, c, r.line, &value))
			continue;
		buf_add(out, slice_sub(text, at, r.from - at));
		at = r.to;
		rc = put_entry(kind, c, out, err);
	}
	table_reader_fini(&r);
	buf_add(out, slice_from(text, at));
	if (rc == 0)
		rc = put_new(s, kind, judge, out, err);
	if (rc == 0 && out->failed)
		return err_set(err, ERR_PERM, "the table is too large");
	return rc;
}
