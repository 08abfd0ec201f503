/* SPDX-License-Identifier: ISC */
/* A value is its entries in the order of their UIDs: the last 8 bits of the
 * UID, the number of bytes (two, little-endian), the bytes. */
#include "index/column.h"

#include "base/buf.h"
#include "index/ix.h"
#include "sys/kv.h"

enum { ENTRY_HEAD = 3, VALUE_MAX = COLUMN_MESSAGES * (COLUMN_ENTRY_MAX + 3) };

static uint32_t
first_of(uint32_t uid)
{
	return uid & ~(uint32_t)(COLUMN_MESSAGES - 1);
}

/* Columns of the same messages lie beside each other. */
static struct slice
key_of(char *buf, unsigned column, uint32_t box, uint32_t uid)
{
	return ix_key(buf, 'O', box, first_of(uid) + column);
}

/* Take the next entry off VALUE; false at its end, and where it is damaged. */
static bool
next(struct slice *value, uint32_t *low, struct slice *bytes)
{
	const unsigned char *p = (const unsigned char *)value->p;
	size_t n;

	if (value->n < ENTRY_HEAD)
		return false;
	n = (size_t)p[1] | (size_t)p[2] << 8;
	if (p[0] >= COLUMN_MESSAGES || n > value->n - ENTRY_HEAD)
		return false;
	*low = p[0];
	*bytes = slice_of(value->p + ENTRY_HEAD, n);
	*value = slice_from(*value, ENTRY_HEAD + n);
	return true;
}

/* ---- reading ---- */

/* Go on to the value that UID is in, which mostly is the next but one. */
static enum found
enter(struct column_walk *w, struct kv_txn *t, uint32_t uid, struct err *err)
{
	char key[IX_KEY];
	struct slice k, v;
	uint32_t at;
	enum found f;

	if (w->cursor == NULL)
		w->cursor = kv_cursor_open(t, err);
	if (w->cursor == NULL)
		return TEMPFAIL;
	w->first = first_of(uid);
	w->rest = (struct slice){ NULL, 0 };
	f = kv_seek(
	    w->cursor, key_of(key, w->column, w->box, uid), &k, &v, err);
	if (f == FOUND && ix_key_uid(k, 'O', w->box, &at) &&
	    at == first_of(uid) + w->column)
		w->rest = v;
	return f == TEMPFAIL ? TEMPFAIL : FOUND;
}

enum found
column_walk(struct column_walk *w, struct kv_txn *t, uint32_t uid,
    struct slice *bytes, struct err *err)
{
	const uint32_t want = uid - first_of(uid);
	struct slice rest;
	uint32_t low;

	if ((w->cursor == NULL || w->first != first_of(uid)) &&
	    enter(w, t, uid, err) == TEMPFAIL)
		return TEMPFAIL;
	for (rest = w->rest; next(&rest, &low, bytes); w->rest = rest) {
		if (low == want)
			return FOUND;
		if (low > want)
			break;
	}
	return ABSENT;
}

void
column_walk_close(struct column_walk *w)
{
	kv_cursor_close(&w->cursor);
}

/* ---- writing ---- */

bool
column_same(uint32_t a, uint32_t b)
{
	return first_of(a) == first_of(b);
}

static void
add_entry(struct buf *value, uint32_t low, struct slice bytes)
{
	buf_addc(value, (char)low);
	buf_addc(value, (char)(bytes.n & 0xff));
	buf_addc(value, (char)(bytes.n >> 8));
	buf_add(value, bytes);
}

void
column_add(struct buf *value, uint32_t uid, struct slice bytes)
{
	add_entry(value, uid - first_of(uid), bytes);
}

/* Both values' entries, of the same UID B's. */
static void
merge(struct buf *out, struct slice a, struct slice b)
{
	struct slice abytes, bbytes;
	uint32_t alow = 0, blow = 0;
	bool hasa = next(&a, &alow, &abytes), hasb = next(&b, &blow, &bbytes);

	while (hasa || hasb) {
		if (hasb && (!hasa || blow <= alow)) {
			if (hasa && alow == blow)
				hasa = next(&a, &alow, &abytes);
			add_entry(out, blow, bbytes);
			hasb = next(&b, &blow, &bbytes);
		} else {
			add_entry(out, alow, abytes);
			hasa = next(&a, &alow, &abytes);
		}
	}
}

int
column_put(struct kv_txn *t, unsigned column, uint32_t box, uint32_t uid,
    struct slice value, struct err *err)
{
	char key[IX_KEY];
	struct buf all;
	struct slice old;
	const enum found f =
	    kv_get(t, key_of(key, column, box, uid), &old, err);
	int rc = -1;

	buf_init(&all, VALUE_MAX);
	if (f == FOUND)
		merge(&all, old, value);
	if (f != TEMPFAIL)
		rc = kv_put(t, key_of(key, column, box, uid),
		    f == FOUND ? buf_slice(&all) : value, err);
	buf_fini(&all);
	return rc;
}

int
column_drop(struct kv_txn *t, uint32_t box, uint32_t uid, struct err *err)
{
	char key[IX_KEY];

	for (unsigned i = 0; i < COLUMNS; i++)
		if (kv_del(t, key_of(key, i, box, uid), err) == -1)
			return -1;
	return 0;
}
