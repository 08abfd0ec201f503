/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/qindex.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/qindex_counts.h"
#include "qmgr/queue/subdir.h"
#include "sys/fd.h"
#include "sys/kv.h"
#include "sys/kvstamp.h"

/* Each leaf that a change touches is written anew, and branches above it; the
 * counts of many changes stand in the same leaves. */
enum {
	VERSION = 5,
	KEY_BYTES = 1 + 8 + ENVELOPE_ID_BYTES,
	ROOM_EACH = 12 * 4096,
	ROOM_MIN = 1 << 20,
};

#define META SLICE("!")

static struct {
	int dir;
	struct kv_env *kv;
	struct kv_txn *reading, *writing;
	struct kv_cursor *walk;
	char after[ENVELOPE_ID_BYTES]; /* where the walk stands */
	bool begun;
	struct qindex_meta meta; /* of the change */
} ix = { .dir = -1 };

/* ---- keys ---- */

struct key {
	char bytes[KEY_BYTES];
	size_t n;
};

static struct slice
key_slice(const struct key *k)
{
	return slice_of(k->bytes, k->n);
}

static void
add_id(struct key *k, struct slice id)
{
	must(id.n < ENVELOPE_ID_BYTES);
	if (id.n > 0) /* NULL otherwise */
		memcpy(k->bytes + k->n, id.p, id.n);
	k->n += id.n;
}

/* Of the record of ID, or with 'W' of the mark that it is not whole. */
static struct slice
id_key(struct key *k, char kind, struct slice id)
{
	k->bytes[0] = kind;
	k->n = 1;
	add_id(k, slice_sub(id, 0, ENVELOPE_ID_BYTES - 1));
	return key_slice(k);
}

/* Big-endian and without a sign, so that they sort. */
static struct slice
due_key(struct key *k, int64_t ms, struct slice id)
{
	const uint64_t v = (uint64_t)ms ^ (uint64_t)INT64_MIN;

	k->bytes[0] = 'D';
	for (int i = 0; i < 8; i++)
		k->bytes[1 + i] = (char)(v >> (56 - 8 * i) & 0xff);
	k->n = 9;
	add_id(k, slice_sub(id, 0, ENVELOPE_ID_BYTES - 1));
	return key_slice(k);
}

static bool
read_due(struct slice key, struct slice value, struct qindex_due *due)
{
	uint64_t v = 0;

	if (key.n < 10 || key.p[0] != 'D')
		return false;
	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)key.p[1 + i];
	due->ms = (int64_t)(v ^ (uint64_t)INT64_MIN);
	due->of = (struct crowd_of){ 0 };
	if (value.n == sizeof due->of)
		memcpy(&due->of, value.p, sizeof due->of);
	return slice_copy(slice_from(key, 9), due->id, sizeof due->id);
}

int
qindex_due_cmp(const struct qindex_due *a, const struct qindex_due *b)
{
	if (a->ms != b->ms)
		return a->ms < b->ms ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* ---- the table ---- */

static const char *
form(void)
{
	static char text[64];

	snprintf(text, sizeof text, "pabal-queue-index %d %zu", VERSION,
	    sizeof(struct qindex_meta));
	return text;
}

static int
damaged(struct kv_txn *t, struct err *err)
{
	kv_distrust(t);
	return err_set(err, ERR_TEMP, "index: a record is damaged");
}

static enum found
get_meta(struct kv_txn *t, struct qindex_meta *meta, struct err *err)
{
	struct slice v;
	const enum found f = kv_get(t, META, &v, err);

	*meta = (struct qindex_meta){ 0 };
	if (f == FOUND && v.n != sizeof *meta) {
		damaged(t, err);
		return TEMPFAIL;
	}
	if (f == FOUND)
		memcpy(meta, v.p, sizeof *meta);
	return f;
}

static int
open_table(struct qindex_meta *meta, bool *kept, struct err *err)
{
	struct kv_txn *t;
	enum found f;

	ix.kv = kv_open(ix.dir, KVSTAMP_FILE, err);
	t = ix.kv != NULL ? kv_read(ix.kv, err) : NULL;
	if (t == NULL) {
		kv_close(&ix.kv);
		return -1;
	}
	f = get_meta(t, meta, err);
	kv_abort(&t);
	*kept = f == FOUND;
	if (f != TEMPFAIL)
		return 0;
	kv_close(&ix.kv);
	return -1;
}

static int
open_new(
    const char *boot_id, struct qindex_meta *meta, bool *kept, struct err *err)
{
	if (kvstamp_renew(ix.dir, form(), boot_id, err) == 0 &&
	    open_table(meta, kept, err) == 0)
		return 0;
	qindex_drop();
	return -1;
}

int
qindex_open(int spool_dir, const char *boot_id, struct qindex_meta *meta,
    bool *kept, struct err *err)
{
	must(ix.kv == NULL);
	fd_close(&ix.dir);
	*meta = (struct qindex_meta){ 0 };
	*kept = false;
	ix.dir = subdir_open(spool_dir, "index", err);
	if (ix.dir == -1)
		return -1;
	/* The stamp first: what follows is not synced. */
	if (kvstamp_take(ix.dir, form(), boot_id, true) &&
	    open_table(meta, kept, err) == 0)
		return 0;
	return open_new(boot_id, meta, kept, err);
}

bool
qindex_is_open(void)
{
	return ix.kv != NULL;
}

static void
end_all(void)
{
	qindex_walk_end();
	qindex_abort();
}

void
qindex_close(void)
{
	const bool sound = ix.kv != NULL && !kv_damaged(ix.kv) &&
			   !kv_broken(ix.kv) && kv_sync(ix.kv, NULL) == 0;

	end_all();
	kv_close(&ix.kv);
	if (sound)
		kvstamp_clean(ix.dir, form());
	fd_close(&ix.dir);
}

void
qindex_drop(void)
{
	end_all();
	kv_close(&ix.kv);
	if (ix.dir != -1)
		kvstamp_remove(ix.dir);
	fd_close(&ix.dir);
}

/* ---- reading ---- */

static enum found
read_record(struct kv_txn *t, struct slice id, struct slice value,
    struct arena *a, struct qrecord *r, struct err *err)
{
	if (qrecord_get(value, a, r) && slice_copy(id, r->id, sizeof r->id))
		return FOUND;
	damaged(t, err);
	return TEMPFAIL;
}

/* The transaction of the walk under way, or one of its own. */
static struct kv_txn *
reader(bool *own, struct err *err)
{
	*own = ix.reading == NULL;
	return *own ? kv_read(ix.kv, err) : ix.reading;
}

enum found
qindex_get(struct slice id, struct arena *a, struct qrecord *r, struct err *err)
{
	struct kv_txn *t;
	struct key key;
	struct slice v;
	enum found f;
	bool own;

	if (ix.kv == NULL || id.n >= ENVELOPE_ID_BYTES)
		return ABSENT;
	t = reader(&own, err);
	if (t == NULL)
		return TEMPFAIL;
	f = kv_get(t, id_key(&key, 'M', id), &v, err);
	/* Its strings outlive the transaction. */
	if (f == FOUND)
		f = read_record(t, id, arena_slice(a, v), a, r, err);
	if (own)
		kv_abort(&t);
	return f;
}

static int
walk_begin(struct err *err)
{
	must(ix.reading == NULL);
	ix.begun = false;
	ix.reading = kv_read(ix.kv, err);
	if (ix.reading == NULL)
		return -1;
	ix.walk = kv_cursor_open(ix.reading, err);
	if (ix.walk != NULL)
		return 0;
	qindex_walk_end();
	return -1;
}

int
qindex_walk(struct slice id, struct err *err)
{
	slice_copy(
	    slice_sub(id, 0, sizeof ix.after - 1), ix.after, sizeof ix.after);
	return walk_begin(err);
}

/* The next of the keys of KIND, in the order of ids. */
static enum found
next_id(char kind, struct slice *id, struct slice *v, struct err *err)
{
	const struct slice after = slice_str(ix.after);
	struct slice k;
	struct key key;
	enum found f;

	if (ix.begun)
		f = kv_next(ix.walk, &k, v, err);
	else
		f = kv_seek(ix.walk, id_key(&key, kind, after), &k, v, err);
	if (f == FOUND && !ix.begun && slice_eq(slice_from(k, 1), after))
		f = kv_next(ix.walk, &k, v, err);
	ix.begun = true;
	if (f == FOUND && (k.n < 1 || k.p[0] != kind))
		return ABSENT;
	*id = f == FOUND ? slice_from(k, 1) : SLICE("");
	return f;
}

enum found
qindex_walk_next(struct arena *a, struct qrecord *r, struct err *err)
{
	struct slice id, v;
	const enum found f = next_id('M', &id, &v, err);

	return f == FOUND ? read_record(ix.reading, id, v, a, r, err) : f;
}

enum found
qindex_partial_next(char id[ENVELOPE_ID_BYTES], struct err *err)
{
	struct slice key, v;
	const enum found f = next_id('W', &key, &v, err);

	if (f == FOUND && !slice_copy(key, id, ENVELOPE_ID_BYTES)) {
		damaged(ix.reading, err);
		return TEMPFAIL;
	}
	return f;
}

int
qindex_counts(struct err *err)
{
	return walk_begin(err);
}

enum found
qindex_counts_next(enum qgroup_kind kind, struct slice after,
    struct qcount *out, struct err *err)
{
	const bool begun = ix.begun;

	ix.begun = true;
	return begun ? qcount_next(ix.walk, kind, out, err)
		     : qcount_seek(ix.walk, kind, after, out, err);
}

void
qindex_walk_end(void)
{
	kv_cursor_close(&ix.walk);
	kv_abort(&ix.reading);
}

static enum found
next_due(struct kv_cursor *c, const struct qindex_due *after, bool first,
    struct qindex_due *out, struct err *err)
{
	struct slice k, v;
	struct key key;
	enum found f;

	if (first)
		f = kv_seek(c, due_key(&key, after->ms, slice_str(after->id)),
		    &k, &v, err);
	else
		f = kv_next(c, &k, &v, err);
	if (f == FOUND && !read_due(k, v, out))
		f = ABSENT;
	return f;
}

int
qindex_due_after(const struct qindex_due *after, struct qindex_due *out,
    size_t max, size_t *n, struct err *err)
{
	struct kv_txn *t = kv_read(ix.kv, err);
	struct kv_cursor *c = t != NULL ? kv_cursor_open(t, err) : NULL;
	enum found f = c != NULL ? FOUND : TEMPFAIL;
	bool first = true;

	*n = 0;
	while (f == FOUND && *n < max) {
		f = next_due(c, after, first, &out[*n], err);
		if (f == FOUND && qindex_due_cmp(&out[*n], after) > 0)
			++*n;
		first = false;
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

/* ---- changing ---- */

int
qindex_begin(size_t n, struct err *err)
{
	must(ix.writing == NULL && ix.reading == NULL);
	ix.writing = kv_write(ix.kv, ROOM_MIN + n * ROOM_EACH, err);
	if (ix.writing != NULL &&
	    get_meta(ix.writing, &ix.meta, err) != TEMPFAIL)
		return 0;
	qindex_abort();
	return -1;
}

static void
count(uint8_t state, uint64_t by)
{
	if (state == ENTRY_HELD)
		ix.meta.held += by;
	else
		ix.meta.waiting += by;
}

/* What stands there for ID, taken out of the counts and the order. */
static int
take_out(struct slice id, struct err *err)
{
	struct qrecord old;
	struct arena a;
	struct slice v;
	struct key key;
	enum found f;
	int rc = 0;

	f = kv_get(ix.writing, id_key(&key, 'M', id), &v, err);
	if (f == ABSENT)
		return 0;
	arena_init(&a);
	if (f == FOUND)
		f = read_record(ix.writing, id, v, &a, &old, err);
	if (f == FOUND)
		qcount_change(&old, -1);
	arena_fini(&a);
	if (f != FOUND)
		return -1;
	count(old.state, UINT64_MAX); /* one less */
	if (!old.whole)
		rc = kv_del(ix.writing, id_key(&key, 'W', id), err);
	if (rc == 0 && old.state == ENTRY_WAITING)
		rc = kv_del(ix.writing, due_key(&key, old.next_ms, id), err);
	return rc;
}

/* R is what VALUE says. */
static int
put_in(struct slice id, struct slice value, const struct qrecord *r,
    struct err *err)
{
	const struct crowd_of of = qrecord_crowd(r);
	struct key key;

	count(r->state, 1);
	qcount_change(r, 1);
	if (!r->whole &&
	    kv_put(ix.writing, id_key(&key, 'W', id), SLICE(""), err) == -1)
		return -1;
	if (r->state == ENTRY_WAITING &&
	    kv_put(ix.writing, due_key(&key, r->next_ms, id),
		slice_of(&of, sizeof of), err) == -1)
		return -1;
	return kv_put(ix.writing, id_key(&key, 'M', id), value, err);
}

int
qindex_put(struct slice id, struct slice value, struct err *err)
{
	struct qrecord r;
	struct arena a;
	int rc;

	if (take_out(id, err) == -1)
		return -1;
	arena_init(&a);
	must(qrecord_get(value, &a, &r));
	rc = put_in(id, value, &r, err);
	arena_fini(&a);
	return rc;
}

int
qindex_del(struct slice id, struct err *err)
{
	struct key key;

	if (take_out(id, err) == -1)
		return -1;
	return kv_del(ix.writing, id_key(&key, 'M', id), err);
}

int
qindex_commit(struct qindex_meta *meta, struct err *err)
{
	ix.meta.skew_ms = meta->skew_ms;
	ix.meta.life = meta->life;
	ix.meta.as_of_ns = meta->as_of_ns;
	if (qcount_write(ix.writing, err) == -1 ||
	    kv_put(ix.writing, META, slice_of(&ix.meta, sizeof ix.meta), err) ==
		-1) {
		qindex_abort();
		return -1;
	}
	*meta = ix.meta;
	return kv_commit(&ix.writing, err);
}

void
qindex_abort(void)
{
	qcount_forget();
	kv_abort(&ix.writing);
}
