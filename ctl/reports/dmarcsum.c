/* SPDX-License-Identifier: ISC */
#include "ctl/reports/dmarcsum.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "ctl/reports/attached.h"
#include "report/aggregate.h"
#include "report/packed.h"

enum {
	ROWS_MAX = 200000,
	REPORT_ROWS = 2000,   /* of a report; the rest is one row */
	BYTES_MAX = 64 << 20, /* of all rows */
	REPORTS_MAX = 100000,
	UNPACKED_MAX = 64 << 20,
	KEY_MAX = DMARCSUM_VALUES * (AGGREGATE_TEXT_MAX + 1),
	DOMAIN = 0,
};

struct dmarcsum {
	struct arena arena;
	struct map rows, seen; /* by all values; reports */
	struct dmarcsum_row **list;
	size_t n, cap, bytes;
	bool full;
};

/* A report that is being read. */
struct dmarcsum_reading {
	struct aggregate_reader reader;
	struct dmarcsum *sum;
	bool begun, again; /* it was there already */
	size_t rows;       /* that nobody else had */
};

struct dmarcsum *
dmarcsum_new(void)
{
	struct dmarcsum *s = xcalloc(1, sizeof *s);

	arena_init(&s->arena);
	map_init(&s->rows);
	map_init(&s->seen);
	return s;
}

void
dmarcsum_free(struct dmarcsum **s)
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

static struct dmarcsum_row *
row_new(struct dmarcsum *s, struct slice key,
    const struct slice values[DMARCSUM_VALUES])
{
	struct dmarcsum_row *row;

	if (s->n == ROWS_MAX || key.n > BYTES_MAX - s->bytes) {
		s->full = true;
		return NULL;
	}
	s->bytes += key.n;
	row = arena_new(&s->arena, struct dmarcsum_row);
	for (size_t i = 0; i < DMARCSUM_VALUES; i++)
		row->values[i] = arena_slice(&s->arena, values[i]);
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 64;
		s->list = xreallocarray(s->list, s->cap, sizeof *s->list);
	}
	s->list[s->n++] = row;
	(void)map_put(&s->rows, key, row);
	return row;
}

static void
put_key(struct buf *key, const struct slice values[DMARCSUM_VALUES])
{
	buf_reset(key);
	for (size_t i = 0; i < DMARCSUM_VALUES; i++) {
		buf_add(key, values[i]);
		buf_addc(key, '\0');
	}
}

/* A report has as many rows as its writer likes: what is beyond REPORT_ROWS is
 * counted in one. */
static void
add_row(struct dmarcsum_reading *in, const struct slice values[DMARCSUM_VALUES],
    uint64_t count)
{
	const struct slice rest[DMARCSUM_VALUES] = { values[DOMAIN],
		SLICE("others") };
	struct buf key = { .max = KEY_MAX };
	struct dmarcsum *s = in->sum;
	struct dmarcsum_row *row;

	put_key(&key, values);
	row = map_find(&s->rows, buf_slice(&key));
	if (row == NULL && in->rows == REPORT_ROWS) {
		put_key(&key, rest);
		row = map_find(&s->rows, buf_slice(&key));
		values = rest;
	}
	if (row == NULL) {
		row = row_new(s, buf_slice(&key), values);
		in->rows += in->rows < REPORT_ROWS;
	}
	if (row != NULL && !add_ok(row->messages, count, &row->messages))
		row->messages = UINT64_MAX;
	buf_fini(&key);
}

/* Reports come twice: by two addresses, or sent again.  Who reports, about what
 * and under which id is known before the first record. */
static void
begin(struct dmarcsum_reading *in)
{
	const struct aggregate_about *a = &in->reader.about;
	const struct slice parts[] = { a->organization, a->domain, a->id };
	struct buf key = { .max = KEY_MAX };

	in->begun = true;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		buf_add(&key, parts[i]);
		buf_addc(&key, '\0');
	}
	in->again =
	    a->id.n > 0 && map_find(&in->sum->seen, buf_slice(&key)) != NULL;
	if (in->sum->seen.count < REPORTS_MAX)
		(void)map_put(&in->sum->seen, buf_slice(&key), in->sum);
	else
		in->sum->full = true;
	buf_fini(&key);
}

static void
on_record(struct aggregate_reader *reader, const struct aggregate_record *r)
{
	struct dmarcsum_reading *in =
	    OUTER(reader, struct dmarcsum_reading, reader);
	const struct slice values[DMARCSUM_VALUES] = { reader->about.domain,
		r->source, r->header_from, r->disposition, r->dkim, r->spf,
		r->reason };

	if (!in->begun)
		begin(in);
	if (!in->again)
		add_row(in, values, r->count);
}

static void
on_end(struct aggregate_reader *reader)
{
	(void)reader;
}

static int
add_report(struct dmarcsum *s, struct slice file, struct err *err)
{
	struct dmarcsum_reading in = {
		.reader = { .on_record = on_record, .on_end = on_end },
		.sum = s,
	};
	struct buf xml = { .max = UNPACKED_MAX };
	int rc = packed_open(file, &xml, err);

	if (rc == 0)
		rc = aggregate_read(&in.reader, buf_slice(&xml), err);
	if (rc == 0 && s->full)
		rc = err_set(err, ERR_PERM, "more than can be summed up");
	buf_fini(&xml);
	return rc;
}

static int
add_file(void *sum, struct slice file, struct err *err)
{
	return add_report(sum, file, err);
}

int
dmarcsum_add(
    struct dmarcsum *s, struct slice file, size_t *reports, struct err *err)
{
	static const char *const subtypes[] = { "gzip", "x-gzip", "zip",
		"x-zip-compressed", "x-zip", "octet-stream", "xml", NULL };

	return attached_each(file, subtypes, add_file, s, reports, err);
}

/* ---- the rows ---- */

static int
compare(const void *a, const void *b)
{
	const struct dmarcsum_row *x = *(const struct dmarcsum_row *const *)a;
	const struct dmarcsum_row *y = *(const struct dmarcsum_row *const *)b;
	int c = slice_cmp(x->values[DOMAIN], y->values[DOMAIN]);

	if (c == 0 && x->messages != y->messages)
		c = x->messages > y->messages ? -1 : 1;
	for (size_t i = 1; c == 0 && i < DMARCSUM_VALUES; i++)
		c = slice_cmp(x->values[i], y->values[i]);
	return c;
}

const struct dmarcsum_row *const *
dmarcsum_rows(struct dmarcsum *s, size_t *n)
{
	*n = s->n;
	if (s->n > 0)
		qsort(s->list, s->n, sizeof(struct dmarcsum_row *), compare);
	return (const struct dmarcsum_row *const *)s->list;
}
