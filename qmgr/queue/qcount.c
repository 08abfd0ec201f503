/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/qcount.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "qmgr/queue/qrecord.h"
#include "sys/kv.h"

enum {
	NAME_MAX_BYTES = 400, /* in a key; behind it stands a hash of all */
	KEY_MAX = 511,        /* of the table */
	TIME_BYTES = 8,
	TIME_SHIFT = 12, /* 2^12 s */
};

/* As the machine has it: an index is read where it was written. */
struct value {
	int64_t messages, bytes, oldest_s;
};

struct delta {
	struct value v; /* oldest_s: of those that come */
	size_t nkey, nname;
	char bytes[]; /* the key; where it does not have all of it, the name */
};

static struct map deltas; /* by key; all zero is empty */

/* ---- collecting ---- */

static void
make_key(struct buf *key, enum qgroup_kind kind, struct slice name,
    int64_t arrived_s)
{
	uint64_t t = (uint64_t)arrived_s;

	if (kind != QGROUP_AGE)
		t >>= TIME_SHIFT;
	buf_addc(key, 'C');
	buf_addc(key, (char)kind);
	buf_add(key, slice_sub(name, 0, NAME_MAX_BYTES));
	if (name.n > NAME_MAX_BYTES)
		buf_addf(
		    key, "%016llx", (unsigned long long)map_hash_fixed(name));
	for (int i = 0; i < TIME_BYTES; i++)
		buf_addc(key, (char)(t >> (56 - 8 * i) & 0xff));
}

static struct delta *
delta_of(struct slice key, struct slice name)
{
	struct delta *d = map_find(&deltas, key);

	if (d != NULL)
		return d;
	if (name.n <= NAME_MAX_BYTES)
		name.n = 0;
	d = xcalloc(1, sizeof *d + key.n + name.n);
	d->nkey = key.n;
	d->nname = name.n;
	memcpy(d->bytes, key.p, key.n);
	if (name.n > 0)
		memcpy(d->bytes + key.n, name.p, name.n);
	d->v.oldest_s = INT64_MAX;
	map_put(&deltas, key, d);
	return d;
}

struct counted {
	const struct qrecord *r;
	int sign;
};

static void
add(void *arg, enum qgroup_kind kind, struct slice name)
{
	const struct counted *c = arg;
	const int64_t arrived_s = c->r->arrived_us / 1000000;
	struct buf key = { .max = KEY_MAX };
	struct delta *d;

	make_key(&key, kind, name, arrived_s);
	d = delta_of(buf_slice(&key), name);
	buf_fini(&key);
	d->v.messages += c->sign;
	d->v.bytes += c->sign * c->r->size;
	if (c->sign > 0 && arrived_s < d->v.oldest_s)
		d->v.oldest_s = arrived_s;
}

void
qcount_change(const struct qrecord *r, int sign)
{
	struct counted c = { r, sign };

	qgroup_every(r, add, &c);
}

void
qcount_forget(void)
{
	struct map_iter it = { 0 };

	while (map_next(&deltas, &it))
		free(it.value);
	map_fini(&deltas);
	map_init(&deltas);
}

/* ---- the table ---- */

static int
damaged(struct kv_txn *t, struct err *err)
{
	kv_distrust(t);
	return err_set(err, ERR_TEMP, "index: a count is damaged");
}

static int
write_one(struct kv_txn *t, const struct delta *d, struct err *err)
{
	const struct slice key = slice_of(d->bytes, d->nkey);
	struct value v = { .oldest_s = INT64_MAX };
	struct buf out = { .max = 65536 };
	struct slice old;
	const enum found f = kv_get(t, key, &old, err);
	int rc;

	if (f == TEMPFAIL)
		return -1;
	if (f == FOUND && old.n < sizeof v)
		return damaged(t, err);
	if (f == FOUND)
		memcpy(&v, old.p, sizeof v);
	v.messages += d->v.messages;
	v.bytes += d->v.bytes;
	if (d->v.oldest_s < v.oldest_s)
		v.oldest_s = d->v.oldest_s;
	if (v.messages < 0)
		return damaged(t, err);
	if (v.messages == 0)
		return kv_del(t, key, err);
	buf_add(&out, slice_of(&v, sizeof v));
	buf_add(&out, slice_of(d->bytes + d->nkey, d->nname));
	rc = kv_put(t, key, buf_slice(&out), err);
	buf_fini(&out);
	return rc;
}

int
qcount_write(struct kv_txn *t, struct err *err)
{
	struct map_iter it = { 0 };
	int rc = 0;

	while (rc == 0 && map_next(&deltas, &it)) {
		const struct delta *d = it.value;

		if (d->v.messages != 0 || d->v.bytes != 0)
			rc = write_one(t, d, err);
	}
	qcount_forget();
	return rc;
}

static enum found
take(enum found f, enum qgroup_kind kind, struct slice key, struct slice value,
    struct qcount *out, struct err *err)
{
	struct value v;

	if (f != FOUND)
		return f;
	if (key.n < 2 + TIME_BYTES || key.p[0] != 'C' || key.p[1] != (char)kind)
		return ABSENT;
	if (value.n < sizeof v) {
		err_set(err, ERR_TEMP, "index: a count is damaged");
		return TEMPFAIL;
	}
	memcpy(&v, value.p, sizeof v);
	*out = (struct qcount){ .key = key,
		.name = value.n > sizeof v
			    ? slice_from(value, sizeof v)
			    : slice_sub(key, 2, key.n - 2 - TIME_BYTES),
		.messages = v.messages,
		.bytes = v.bytes,
		.oldest_s = v.oldest_s };
	return FOUND;
}

enum found
qcount_next(struct kv_cursor *c, enum qgroup_kind kind, struct qcount *out,
    struct err *err)
{
	struct slice k, v;
	const enum found f = kv_next(c, &k, &v, err);

	return take(f, kind, k, v, out, err);
}

enum found
qcount_seek(struct kv_cursor *c, enum qgroup_kind kind, struct slice after,
    struct qcount *out, struct err *err)
{
	const char first[2] = { 'C', (char)kind };
	struct slice k, v;
	enum found f;

	if (after.n < sizeof first || after.n > KEY_MAX ||
	    memcmp(after.p, first, sizeof first) != 0)
		after = slice_of(first, sizeof first);
	f = kv_seek(c, after, &k, &v, err);
	if (f == FOUND && slice_eq(k, after))
		f = kv_next(c, &k, &v, err);
	return take(f, kind, k, v, out, err);
}
