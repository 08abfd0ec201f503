/* SPDX-License-Identifier: ISC */
/* What was counted: reports, their rows, and their way out of the table. */
#include <string.h>

#include "base/buf.h"
#include "base/must.h"
#include "reporter/tally_inner.h"
#include "sys/kv.h"

/* Of R's head. */
static void
head_key(struct tally_key *k, const struct tally_report *r)
{
	tally_key_init(k, 'P', r->begin_s, r->kind, slice_str(r->domain));
}

static bool
read_key(struct slice key, struct tally_report *r)
{
	uint64_t begin = 0;

	if (key.n < 11 || key.p[0] != 'P' ||
	    (unsigned char)key.p[9] >= REPORT_KIND_COUNT)
		return false;
	for (int i = 0; i < 8; i++)
		begin = begin << 8 | (unsigned char)key.p[1 + i];
	r->begin_s = (int64_t)begin;
	r->kind = (enum report_kind)key.p[9];
	return slice_copy(slice_from(key, 10), r->domain, sizeof r->domain);
}

/* Where the interval that began at BEGIN_S was cut, which its reports do not
 * know; else what they say, as *END_S has it. */
static enum found
get_end(struct kv_txn *txn, int64_t begin_s, int64_t *end_s, struct err *err)
{
	struct tally_key key;
	struct slice v;
	enum found f;

	tally_key_begin(&key, 'E', begin_s);
	f = kv_get(txn, tally_key_slice(&key), &v, err);
	if (f == FOUND && v.n != sizeof *end_s) {
		tally_damaged(txn, err);
		return TEMPFAIL;
	}
	if (f == FOUND)
		memcpy(end_s, v.p, sizeof *end_s);
	return f;
}

static int
put_end(struct kv_txn *txn, int64_t begin_s, int64_t end_s, struct err *err)
{
	struct tally_key key;

	tally_key_begin(&key, 'E', begin_s);
	return kv_put(
	    txn, tally_key_slice(&key), slice_of(&end_s, sizeof end_s), err);
}

/* The last report of an interval has gone: its end goes, too. */
static int
drop_end(struct kv_txn *txn, int64_t begin_s, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(txn, err);
	struct tally_key key;
	struct slice at, v;
	enum found f = TEMPFAIL;

	tally_key_begin(&key, 'P', begin_s);
	if (c != NULL)
		f = kv_seek(c, tally_key_slice(&key), &at, &v, err);
	if (f == FOUND && !slice_starts(at, tally_key_slice(&key)))
		f = ABSENT;
	kv_cursor_close(&c);
	if (f != ABSENT)
		return f == TEMPFAIL ? -1 : 0;
	tally_key_begin(&key, 'E', begin_s);
	return kv_del(txn, tally_key_slice(&key), err);
}

/* From what stands at the cursor. */
static enum found
read_report(struct kv_txn *txn, struct slice key, struct slice v,
    struct tally_report *r, struct arena *a, struct err *err)
{
	struct tally_head h;

	if (key.n == 0 || key.p[0] != 'P')
		return ABSENT;
	if (!read_key(key, r) || v.n < sizeof h) {
		tally_damaged(txn, err);
		return TEMPFAIL;
	}
	memcpy(&h, v.p, sizeof h);
	r->end_s = h.end_s;
	if (get_end(txn, r->begin_s, &r->end_s, err) == TEMPFAIL)
		return TEMPFAIL;
	r->state = (enum tally_state)h.state;
	r->rows = h.rows;
	r->missed = h.missed;
	r->about = arena_slice(a, slice_from(v, sizeof h));
	return FOUND;
}

enum found
tallied_next(struct tally_report *r, struct arena *a, struct err *err)
{
	struct kv_txn *txn = kv_read(tally_table(), err);
	struct kv_cursor *c = NULL;
	enum found f = TEMPFAIL;
	struct slice key, v;
	struct tally_key at;

	if (txn != NULL)
		c = kv_cursor_open(txn, err);
	if (c != NULL) {
		head_key(&at, r);
		f = kv_seek(c, tally_key_slice(&at), &key, &v, err);
		if (f == FOUND && slice_eq(key, tally_key_slice(&at)))
			f = kv_next(c, &key, &v, err);
		if (f == FOUND)
			f = read_report(txn, key, v, r, a, err);
	}
	kv_cursor_close(&c);
	kv_abort(&txn);
	return f;
}

/* The rows of R at C, from KEY on. */
static enum found
walk_rows(struct kv_cursor *c, const struct tally_key *prefix, struct slice key,
    struct slice v, struct tally_after *after, size_t most,
    void (*each)(void *, struct slice, size_t, uint64_t), void *arg,
    struct err *err)
{
	const struct slice of = tally_key_slice(prefix);
	enum found f = FOUND;

	while (f == FOUND && most-- > 0) {
		struct tally_row row;

		if (!slice_starts(key, of) ||
		    key.n != of.n + TALLY_DIGEST_BYTES || v.n < sizeof row)
			return ABSENT;
		memcpy(&row, v.p, sizeof row);
		memcpy(after->digest, key.p + of.n, TALLY_DIGEST_BYTES);
		after->some = true;
		v = slice_from(v, sizeof row);
		if (row.count_at <= v.n)
			each(arg, v, (size_t)row.count_at, row.count);
		f = kv_next(c, &key, &v, err);
	}
	return f;
}

enum found
tallied_rows(const struct tally_report *r, struct tally_after *after,
    size_t most,
    void (*each)(void *arg, struct slice row, size_t count_at, uint64_t count),
    void *arg, struct err *err)
{
	struct kv_txn *txn = kv_read(tally_table(), err);
	struct kv_cursor *c = txn != NULL ? kv_cursor_open(txn, err) : NULL;
	enum found f = TEMPFAIL;
	struct tally_key prefix, at;
	struct slice key, v;

	if (c != NULL) {
		tally_key_rows(
		    &prefix, r->begin_s, r->kind, slice_str(r->domain));
		at = prefix;
		if (after->some)
			tally_key_add(&at, after->digest, TALLY_DIGEST_BYTES);
		f = kv_seek(c, tally_key_slice(&at), &key, &v, err);
		if (f == FOUND && after->some &&
		    slice_eq(key, tally_key_slice(&at)))
			f = kv_next(c, &key, &v, err);
		if (f == FOUND)
			f = walk_rows(
			    c, &prefix, key, v, after, most, each, arg, err);
	}
	kv_cursor_close(&c);
	kv_abort(&txn);
	return f;
}

int
tallied_mark(const struct tally_report *r, enum tally_state state,
    const struct slice *about, struct err *err)
{
	struct kv_txn *txn = kv_write(tally_table(), TALLY_ROOM, err);
	struct slice was, copy;
	struct arena a;
	struct tally_head h;
	struct tally_key key;
	int rc;

	if (txn == NULL)
		return -1;
	arena_init(&a);
	head_key(&key, r);
	rc = tally_get_head(txn, tally_key_slice(&key), &h, &was, err);
	if (rc == 1) {
		copy = about != NULL ? *about : arena_slice(&a, was);
		h.state = state;
		rc = tally_put_head(txn, tally_key_slice(&key), &h, copy, err);
	}
	arena_fini(&a);
	if (rc == 0)
		return kv_commit(&txn, err);
	kv_abort(&txn);
	return -1;
}

/* Remove up to MOST rows at PREFIX; *LEFT: there may be others. */
static int
remove_rows(struct kv_txn *txn, const struct tally_key *prefix, size_t most,
    struct tally_now *now, bool *left, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(txn, err);
	struct slice key, v;
	enum found f = TEMPFAIL;

	*left = false;
	if (c != NULL)
		f = kv_seek(c, tally_key_slice(prefix), &key, &v, err);
	while (f == FOUND && slice_starts(key, tally_key_slice(prefix))) {
		const uint64_t n = tally_cost(v.n - sizeof(struct tally_row));

		*left = most-- == 0;
		if (*left)
			break;
		if (kv_unset(c, err) == -1) {
			f = TEMPFAIL;
			break;
		}
		now->bytes -= n < now->bytes ? n : now->bytes;
		f = kv_next(c, &key, &v, err);
	}
	kv_cursor_close(&c);
	return f == TEMPFAIL ? -1 : 0;
}

int
tallied_forget(
    const struct tally_report *r, size_t most, bool *gone, struct err *err)
{
	struct kv_txn *txn = kv_write(tally_table(), TALLY_ROOM, err);
	struct tally_key prefix, key;
	struct tally_now now;
	bool left = true;
	int rc = -1;

	*gone = false;
	if (txn == NULL)
		return -1;
	tally_key_rows(&prefix, r->begin_s, r->kind, slice_str(r->domain));
	head_key(&key, r);
	if (tally_get_now(txn, &now, err) == 0 &&
	    remove_rows(txn, &prefix, most, &now, &left, err) == 0 &&
	    (left || (kv_del(txn, tally_key_slice(&key), err) == 0 &&
			 drop_end(txn, r->begin_s, err) == 0)))
		rc = tally_put_now(txn, &now, err);
	if (rc == 0)
		rc = kv_commit(&txn, err);
	else
		kv_abort(&txn);
	*gone = rc == 0 && !left;
	return rc;
}

int
tallied_cut(int64_t now_s, int64_t interval_s, int64_t *end_s, struct err *err)
{
	struct kv_txn *txn = kv_write(tally_table(), TALLY_ROOM, err);
	struct tally_now now;
	int rc = -1;

	*end_s = now_s;
	if (txn == NULL)
		return -1;
	if (tally_get_now(txn, &now, err) == 0) {
		const int64_t end =
		    now_s > now.begin_s ? now_s : now.begin_s + 1;

		if (now.end_s == 0 || now.end_s < now_s) {
			kv_abort(&txn); /* it has ended already */
			return 0;
		}
		*end_s = end;
		rc = put_end(txn, now.begin_s, end, err);
		now.begin_s = end;
		now.end_s = end - end % interval_s + interval_s;
		if (rc == 0)
			rc = tally_put_now(txn, &now, err);
	}
	if (rc == 0)
		return kv_commit(&txn, err);
	kv_abort(&txn);
	return -1;
}
