/* SPDX-License-Identifier: ISC */
#include "reporter/tally.h"

#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "sys/kv.h"
#include "sys/kvstamp.h"
#include "tls/digest.h"

enum {
	DIGEST_BYTES = 16, /* of a row, in its key, */
	GROUP_BYTES = 8,   /* and in them of its group */
	KEY_BYTES = 10 + ADDRESS_DOMAIN_MAX + 1 + DIGEST_BYTES,
	ROOM = 4 << 20, /* of a transaction */
	OVERHEAD = 64,  /* of an entry, about */
};

/* kv_commit changes what FORM says: a new form is a new word here. */
static const char form[] = "pabal-reports 2";

/* Under "C": the interval that is counted. */
struct now {
	int64_t begin_s, end_s;
	uint64_t bytes; /* of all rows and reports */
};

/* Under 'P', begin, kind and domain; the text `about` is behind it. */
struct tally_head {
	int64_t end_s;
	uint64_t missed;
	uint32_t rows, state;
};

/* Under 'R', begin, kind, domain, NUL and digest; the row is behind it. */
struct row {
	uint64_t count;
	uint64_t count_at;
};

static struct {
	int dir;
	struct kv_env *kv;
	struct kv_txn *writing;
	struct tally_limits limits;
	struct now now;
} t = { .dir = -1 };

/* ---- keys ---- */

struct tally_key {
	char bytes[KEY_BYTES];
	size_t n;
};

static struct slice
key_slice(const struct tally_key *k)
{
	return slice_of(k->bytes, k->n);
}

static void
key_add(struct tally_key *k, const void *p, size_t n)
{
	must(n <= sizeof k->bytes - k->n);
	if (n > 0)
		memcpy(k->bytes + k->n, p, n);
	k->n += n;
}

/* Of all at BEGIN_S. */
static void
key_begin(struct tally_key *k, char what, int64_t begin_s)
{
	char be[8];

	for (int i = 0; i < 8; i++)
		be[i] = (char)((uint64_t)begin_s >> (56 - 8 * i) & 0xff);
	k->n = 0;
	key_add(k, &what, 1);
	key_add(k, be, sizeof be);
}

static void
key_init(struct tally_key *k, char what, int64_t begin_s, enum report_kind kind,
    struct slice domain)
{
	const char byte = (char)kind;

	key_begin(k, what, begin_s);
	key_add(k, &byte, 1);
	key_add(k, domain.p, domain.n);
}

/* Of R's head. */
static void
head_key(struct tally_key *k, const struct tally_report *r)
{
	key_init(k, 'P', r->begin_s, r->kind, slice_str(r->domain));
}

/* Of all rows of a report: a domain has no NUL. */
static void
rows_key(struct tally_key *k, int64_t begin_s, enum report_kind kind,
    struct slice domain)
{
	key_init(k, 'R', begin_s, kind, domain);
	key_add(k, "", 1);
}

/* ---- the table ---- */

static int
damaged(struct kv_txn *txn, struct err *err)
{
	kv_distrust(txn);
	return err_set(err, ERR_TEMP, "a record is damaged");
}

static int
get_now(struct kv_txn *txn, struct now *now, struct err *err)
{
	struct slice v;
	const enum found f = kv_get(txn, SLICE("C"), &v, err);

	*now = (struct now){ 0 };
	if (f == FOUND && v.n != sizeof *now)
		return damaged(txn, err);
	if (f == FOUND)
		memcpy(now, v.p, sizeof *now);
	return f == TEMPFAIL ? -1 : 0;
}

static int
put_now(struct kv_txn *txn, const struct now *now, struct err *err)
{
	return kv_put(txn, SLICE("C"), slice_of(now, sizeof *now), err);
}

static int
open_table(struct err *err)
{
	struct kv_txn *txn;
	struct now now;
	int rc = -1;

	t.kv = kv_open(t.dir, KVSTAMP_FILE, err);
	txn = t.kv != NULL ? kv_read(t.kv, err) : NULL;
	if (txn != NULL)
		rc = get_now(txn, &now, err);
	kv_abort(&txn);
	if (rc == -1)
		kv_close(&t.kv);
	return rc;
}

int
tally_open(int dir, const char *boot_id, bool *lost, struct err *err)
{
	must(t.kv == NULL);
	t.dir = dir;
	*lost = false;
	if (kvstamp_take(dir, form, boot_id, false) && open_table(err) == 0)
		return 0;
	*lost = kvstamp_is(dir);
	if (kvstamp_renew(dir, form, boot_id, err) == -1)
		return -1;
	return open_table(err);
}

void
tally_close(void)
{
	bool sound;

	if (t.kv == NULL)
		return;
	tally_abort();
	sound =
	    !kv_damaged(t.kv) && !kv_broken(t.kv) && kv_sync(t.kv, NULL) == 0;
	kv_close(&t.kv);
	if (sound)
		kvstamp_clean(t.dir, form);
}

bool
tally_is_open(void)
{
	return t.kv != NULL;
}

/* ---- a report's head ---- */

static int
get_head(struct kv_txn *txn, struct slice key, struct tally_head *h,
    struct slice *about, struct err *err)
{
	struct slice v;
	const enum found f = kv_get(txn, key, &v, err);

	*h = (struct tally_head){ 0 };
	*about = SLICE("");
	if (f == ABSENT)
		return 0;
	if (f == TEMPFAIL || v.n < sizeof *h)
		return f == TEMPFAIL ? -1 : damaged(txn, err);
	memcpy(h, v.p, sizeof *h);
	*about = slice_from(v, sizeof *h);
	return 1;
}

static int
put_head(struct kv_txn *txn, struct slice key, const struct tally_head *h,
    struct slice about, struct err *err)
{
	struct buf v = { .max = sizeof *h + (1 << 16) };
	int rc;

	buf_add(&v, slice_of(h, sizeof *h));
	buf_add(&v, slice_sub(about, 0, 1 << 16));
	rc = kv_put(txn, key, buf_slice(&v), err);
	buf_fini(&v);
	return rc;
}

/* ---- counting ---- */

int
tally_begin(const struct tally_limits *limits, struct err *err)
{
	must(t.writing == NULL);
	t.limits = *limits;
	t.writing = kv_write(t.kv, ROOM, err);
	if (t.writing == NULL)
		return -1;
	if (get_now(t.writing, &t.now, err) == 0)
		return 0;
	kv_abort(&t.writing);
	return -1;
}

/* The interval that NOW_S is in begins where the one before has ended. */
static void
move_on(struct now *now, int64_t now_s, int64_t interval_s)
{
	const int64_t from = now_s - now_s % interval_s;

	if (now->end_s != 0 && now_s < now->end_s)
		return;
	if (now->end_s == 0) /* nothing was counted before */
		now->begin_s = now_s;
	else
		now->begin_s = now->end_s > from ? now->end_s : from;
	now->end_s = from + interval_s;
}

static uint64_t
cost(size_t n)
{
	return n + OVERHEAD + ADDRESS_DOMAIN_MAX / 4;
}

/* Count one more in the row at KEY.  1: it is new. */
static int
count_row(const struct tally_message *m, struct slice key, bool room,
    bool *missed, struct err *err)
{
	struct row row = { .count_at = m->count_at };
	struct slice v, had = SLICE("");
	struct buf out = { .max = sizeof row + (1 << 20) };
	const enum found f = kv_get(t.writing, key, &v, err);
	int rc;

	if (f == TEMPFAIL)
		return -1;
	if (f == FOUND && v.n < sizeof row)
		return damaged(t.writing, err);
	if (f == ABSENT && !room) {
		*missed = true;
		return 0;
	}
	if (f == FOUND) {
		memcpy(&row, v.p, sizeof row);
		had = slice_from(v, sizeof row);
	}
	row.count++;
	buf_add(&out, slice_of(&row, sizeof row));
	buf_add(&out, f == FOUND ? had : m->row);
	rc = kv_put(t.writing, key, buf_slice(&out), err);
	buf_fini(&out);
	return rc == -1 ? -1 : f == ABSENT;
}

static void
row_digest(const struct tally_message *m, uint8_t digest[DIGEST_MAX])
{
	uint8_t whole[DIGEST_MAX];

	(void)digest_of(DIGEST_SHA256, m->row, digest);
	if (m->group == 0)
		return;
	memcpy(whole, digest, sizeof whole);
	(void)digest_of(DIGEST_SHA256, slice_sub(m->row, 0, m->group), digest);
	memcpy(digest + GROUP_BYTES, whole, DIGEST_BYTES - GROUP_BYTES);
}

int
tally_add(
    const struct tally_message *m, int64_t now_s, bool *missed, struct err *err)
{
	uint8_t digest[DIGEST_MAX];
	struct tally_key head, key;
	struct slice about;
	struct tally_head h;
	int found, new;
	bool room;

	*missed = false;
	move_on(&t.now, now_s, t.limits.interval_s);
	key_init(&head, 'P', t.now.begin_s, m->kind, m->domain);
	found = get_head(t.writing, key_slice(&head), &h, &about, err);
	if (found == -1)
		return -1;
	room = h.rows < t.limits.rows &&
	       t.now.bytes + cost(m->row.n) < t.limits.room;
	if (found == 0 && !room) {
		*missed = true;
		return 0;
	}
	row_digest(m, digest);
	rows_key(&key, t.now.begin_s, m->kind, m->domain);
	key_add(&key, digest, DIGEST_BYTES);
	new = count_row(m, key_slice(&key), room, missed, err);
	if (new == -1)
		return -1;
	h.rows += (uint32_t) new;
	h.missed += *missed;
	h.end_s = t.now.end_s;
	t.now.bytes += new == 1 ? cost(m->row.n) : 0;
	return put_head(t.writing, key_slice(&head), &h, m->about, err);
}

int
tally_commit(struct err *err)
{
	if (put_now(t.writing, &t.now, err) == -1) {
		kv_abort(&t.writing);
		return -1;
	}
	return kv_commit(&t.writing, err);
}

void
tally_abort(void)
{
	kv_abort(&t.writing);
}

/* ---- reports ---- */

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

/* From what stands at the cursor. */
static enum found
read_report(struct kv_txn *txn, struct slice key, struct slice v,
    struct tally_report *r, struct arena *a, struct err *err)
{
	struct tally_head h;

	if (key.n == 0 || key.p[0] != 'P')
		return ABSENT;
	if (!read_key(key, r) || v.n < sizeof h) {
		damaged(txn, err);
		return TEMPFAIL;
	}
	memcpy(&h, v.p, sizeof h);
	r->end_s = h.end_s;
	r->state = (enum tally_state)h.state;
	r->rows = h.rows;
	r->missed = h.missed;
	r->about = arena_slice(a, slice_from(v, sizeof h));
	return FOUND;
}

enum found
tally_next(struct tally_report *r, struct arena *a, struct err *err)
{
	struct kv_txn *txn = kv_read(t.kv, err);
	struct kv_cursor *c = NULL;
	enum found f = TEMPFAIL;
	struct slice key, v;
	struct tally_key at;

	if (txn != NULL)
		c = kv_cursor_open(txn, err);
	if (c != NULL) {
		head_key(&at, r);
		f = kv_seek(c, key_slice(&at), &key, &v, err);
		if (f == FOUND && slice_eq(key, key_slice(&at)))
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
	const struct slice of = key_slice(prefix);
	enum found f = FOUND;

	while (f == FOUND && most-- > 0) {
		struct row row;

		if (!slice_starts(key, of) || key.n != of.n + DIGEST_BYTES ||
		    v.n < sizeof row)
			return ABSENT;
		memcpy(&row, v.p, sizeof row);
		memcpy(after->digest, key.p + of.n, DIGEST_BYTES);
		after->some = true;
		v = slice_from(v, sizeof row);
		if (row.count_at <= v.n)
			each(arg, v, (size_t)row.count_at, row.count);
		f = kv_next(c, &key, &v, err);
	}
	return f;
}

enum found
tally_rows(const struct tally_report *r, struct tally_after *after, size_t most,
    void (*each)(void *arg, struct slice row, size_t count_at, uint64_t count),
    void *arg, struct err *err)
{
	struct kv_txn *txn = kv_read(t.kv, err);
	struct kv_cursor *c = txn != NULL ? kv_cursor_open(txn, err) : NULL;
	enum found f = TEMPFAIL;
	struct tally_key prefix, at;
	struct slice key, v;

	if (c != NULL) {
		rows_key(&prefix, r->begin_s, r->kind, slice_str(r->domain));
		at = prefix;
		if (after->some)
			key_add(&at, after->digest, DIGEST_BYTES);
		f = kv_seek(c, key_slice(&at), &key, &v, err);
		if (f == FOUND && after->some && slice_eq(key, key_slice(&at)))
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
tally_mark(
    const struct tally_report *r, enum tally_state state, struct err *err)
{
	struct kv_txn *txn = kv_write(t.kv, ROOM, err);
	struct slice about, copy;
	struct arena a;
	struct tally_head h;
	struct tally_key key;
	int rc;

	if (txn == NULL)
		return -1;
	arena_init(&a);
	head_key(&key, r);
	rc = get_head(txn, key_slice(&key), &h, &about, err);
	if (rc == 1) {
		copy = arena_slice(&a, about);
		h.state = state;
		rc = put_head(txn, key_slice(&key), &h, copy, err);
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
    struct now *now, bool *left, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(txn, err);
	struct slice key, v;
	enum found f = TEMPFAIL;

	*left = false;
	if (c != NULL)
		f = kv_seek(c, key_slice(prefix), &key, &v, err);
	while (f == FOUND && slice_starts(key, key_slice(prefix))) {
		const uint64_t n = cost(v.n - sizeof(struct row));

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
tally_forget(
    const struct tally_report *r, size_t most, bool *gone, struct err *err)
{
	struct kv_txn *txn = kv_write(t.kv, ROOM, err);
	struct tally_key prefix, key;
	struct now now;
	bool left = true;
	int rc = -1;

	*gone = false;
	if (txn == NULL)
		return -1;
	rows_key(&prefix, r->begin_s, r->kind, slice_str(r->domain));
	head_key(&key, r);
	if (get_now(txn, &now, err) == 0 &&
	    remove_rows(txn, &prefix, most, &now, &left, err) == 0 &&
	    (left || kv_del(txn, key_slice(&key), err) == 0))
		rc = put_now(txn, &now, err);
	if (rc == 0)
		rc = kv_commit(&txn, err);
	else
		kv_abort(&txn);
	*gone = rc == 0 && !left;
	return rc;
}

/* All of the interval that ends now have its end. */
static int
end_reports(struct kv_txn *txn, int64_t begin_s, int64_t end_s, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(txn, err);
	struct slice key, v;
	enum found f = TEMPFAIL;
	struct tally_key prefix;

	key_begin(&prefix, 'P', begin_s);
	if (c != NULL)
		f = kv_seek(c, key_slice(&prefix), &key, &v, err);
	while (f == FOUND && slice_starts(key, key_slice(&prefix))) {
		struct buf copy = { .max = 1 << 20 };
		struct tally_head h;
		int rc;

		if (v.n < sizeof h) {
			f = TEMPFAIL;
			damaged(txn, err);
			break;
		}
		memcpy(&h, v.p, sizeof h);
		h.end_s = end_s;
		buf_add(&copy, slice_of(&h, sizeof h));
		buf_add(&copy, slice_from(v, sizeof h));
		rc = kv_set(c, key, buf_slice(&copy), err);
		buf_fini(&copy);
		f = rc == 0 ? kv_next(c, &key, &v, err) : TEMPFAIL;
	}
	kv_cursor_close(&c);
	return f == TEMPFAIL ? -1 : 0;
}

int
tally_cut(int64_t now_s, int64_t interval_s, int64_t *end_s, struct err *err)
{
	struct kv_txn *txn = kv_write(t.kv, ROOM, err);
	struct now now;
	int rc = -1;

	*end_s = now_s;
	if (txn == NULL)
		return -1;
	if (get_now(txn, &now, err) == 0) {
		const int64_t end =
		    now_s > now.begin_s ? now_s : now.begin_s + 1;

		if (now.end_s == 0 || now.end_s < now_s) {
			kv_abort(&txn); /* it has ended already */
			return 0;
		}
		*end_s = end;
		rc = end_reports(txn, now.begin_s, end, err);
		now.begin_s = end;
		now.end_s = end - end % interval_s + interval_s;
		if (rc == 0)
			rc = put_now(txn, &now, err);
	}
	if (rc == 0)
		return kv_commit(&txn, err);
	kv_abort(&txn);
	return -1;
}
