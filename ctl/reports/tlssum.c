/* SPDX-License-Identifier: ISC */
#include "ctl/reports/tlssum.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "ctl/reports/attached.h"
#include "report/packed.h"
#include "report/tlsread.h"

enum {
	ROWS_MAX = 200000,
	REPORTS_MAX = 100000,
	UNPACKED_MAX = 16 << 20,
	KEY_MAX = TLSSUM_VALUES * (TLSREAD_TEXT_MAX + 1),
	DOMAIN = 0,
	RESULT = 2,
};

struct tlssum {
	struct arena arena;
	struct map rows, seen; /* by all values; reports */
	struct tlssum_row **list;
	size_t n, cap;
};

struct tlssum *
tlssum_new(void)
{
	struct tlssum *s = xcalloc(1, sizeof *s);

	arena_init(&s->arena);
	map_init(&s->rows);
	map_init(&s->seen);
	return s;
}

void
tlssum_free(struct tlssum **s)
{
	if (*s == NULL)
		return;
	map_fini(&(*s)->rows);
	map_fini(&(*s)->seen);
	arena_fini(&(*s)->arena);
	free((*s)->list);
	xfree(s);
}

/* ---- adding ---- */

static void
put_key(struct buf *key, const struct slice *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_add(key, values[i]);
		buf_addc(key, '\0');
	}
}

static struct tlssum_row *
row_new(struct tlssum *s, struct slice key,
    const struct slice values[TLSSUM_VALUES])
{
	struct tlssum_row *row;

	if (s->n == ROWS_MAX)
		return NULL;
	row = arena_new(&s->arena, struct tlssum_row);
	for (size_t i = 0; i < TLSSUM_VALUES; i++)
		row->values[i] = arena_slice(&s->arena, values[i]);
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 64;
		s->list = xreallocarray(s->list, s->cap, sizeof *s->list);
	}
	s->list[s->n++] = row;
	(void)map_put(&s->rows, key, row);
	return row;
}

static int
add_row(struct tlssum *s, const struct slice values[TLSSUM_VALUES],
    uint64_t sessions, struct err *err)
{
	struct buf key = { .max = KEY_MAX };
	struct tlssum_row *row;

	put_key(&key, values, TLSSUM_VALUES);
	row = map_find(&s->rows, buf_slice(&key));
	if (row == NULL)
		row = row_new(s, buf_slice(&key), values);
	buf_fini(&key);
	if (row == NULL)
		return err_set(err, ERR_PERM, "more than can be summed up");
	if (!add_ok(row->sessions, sessions, &row->sessions))
		row->sessions = UINT64_MAX;
	return 0;
}

/* Was it there?  Reports come twice: by two addresses, or sent again. */
static bool
is_known(struct tlssum *s, const struct tlsread *r)
{
	const struct slice values[] = { r->organization, r->id };
	struct buf key = { .max = KEY_MAX };
	bool known;

	put_key(&key, values, ARRAY_LEN(values));
	known = map_find(&s->seen, buf_slice(&key)) != NULL;
	if (!known && s->seen.count < REPORTS_MAX)
		(void)map_put(&s->seen, buf_slice(&key), s);
	buf_fini(&key);
	return known;
}

static int
add_rows(struct tlssum *s, const struct tlsread *r, struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct tlsread_row *row = &r->rows[i];
		const struct slice values[TLSSUM_VALUES] = { row->domain,
			row->policy, row->result, row->host, row->host_ip,
			r->organization, row->reason };

		if (add_row(s, values, row->sessions, err) == -1)
			return -1;
	}
	return 0;
}

static int
add_report(void *sum, struct slice file, struct err *err)
{
	struct buf json = { .max = UNPACKED_MAX };
	struct tlsread r;
	int rc = packed_open(file, &json, err);

	if (rc == 0)
		rc = tlsread(&r, buf_slice(&json), err);
	if (rc == 0) {
		if (!is_known(sum, &r))
			rc = add_rows(sum, &r, err);
		tlsread_fini(&r);
	}
	buf_fini(&json);
	return rc;
}

int
tlssum_add(
    struct tlssum *s, struct slice file, size_t *reports, struct err *err)
{
	static const char *const subtypes[] = { "tlsrpt+gzip", "tlsrpt+json",
		"gzip", "x-gzip", "json", "octet-stream", NULL };

	return attached_each(file, subtypes, add_report, s, reports, err);
}

/* ---- the rows ---- */

static int
compare(const void *a, const void *b)
{
	const struct tlssum_row *x = *(const struct tlssum_row *const *)a;
	const struct tlssum_row *y = *(const struct tlssum_row *const *)b;
	const bool well = slice_is(x->values[RESULT], "successful");
	int c = slice_cmp(x->values[DOMAIN], y->values[DOMAIN]);

	if (c == 0 && well != slice_is(y->values[RESULT], "successful"))
		c = well ? 1 : -1;
	if (c == 0 && x->sessions != y->sessions)
		c = x->sessions > y->sessions ? -1 : 1;
	for (size_t i = 1; c == 0 && i < TLSSUM_VALUES; i++)
		c = slice_cmp(x->values[i], y->values[i]);
	return c;
}

const struct tlssum_row *const *
tlssum_rows(struct tlssum *s, size_t *n)
{
	*n = s->n;
	if (s->n > 0)
		qsort(s->list, s->n, sizeof(struct tlssum_row *), compare);
	return (const struct tlssum_row *const *)s->list;
}
