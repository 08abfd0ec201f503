/* SPDX-License-Identifier: ISC */
/* A message made once for many mailboxes. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/append.h"
#include "store/append_inner.h"
#include "store/lines.h"
#include "store/traits.h"

struct append_text *
append_text_new(struct store *store, size_t max)
{
	struct append_text *t = xcalloc(1, sizeof *t);

	lines_init(&t->lines, -1, max, store_keeps_crlf(store));
	return t;
}

void
append_text_free(struct append_text **t)
{
	if (*t == NULL)
		return;
	lines_fini(&(*t)->lines);
	xfree(t);
}

int
append_text_put(struct append_text *t, struct slice bytes, struct err *err)
{
	return lines_put(&t->lines, bytes, err);
}

int
append_text_end(struct append_text *t, struct err *err)
{
	return lines_end(&t->lines, err);
}

void
append_text_written(const struct append_text *t, int64_t *bytes, int64_t *wire)
{
	*bytes = t->lines.size;
	*wire = t->lines.wire;
}

struct slice
append_text_bytes(const struct append_text *t)
{
	return buf_slice(&t->lines.out);
}

int
append_write_text(
    struct append *a, const struct append_text *t, struct err *err)
{
	return lines_put_text(&a->lines, &t->lines, err);
}
