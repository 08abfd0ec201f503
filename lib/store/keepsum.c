/* SPDX-License-Identifier: ISC */
#include "store/keepsum.h"

#include <string.h>

#include "base/slice.h"
#include "index/ix.h"
#include "maildir/keptdir.h"
#include "sys/kv.h"

uint32_t
keepsum_day(int64_t time_s)
{
	return (uint32_t)(time_s / KEPT_DAY_S);
}

static bool
read_sum(struct slice v, struct keepsum *s)
{
	if (v.n != sizeof *s)
		return false;
	memcpy(s, v.p, sizeof *s);
	return true;
}

enum found
keepsum_get(struct kv_txn *t, uint32_t day, struct keepsum *s, struct err *err)
{
	char key[IX_KEY];
	struct slice v;
	const enum found f = kv_get(t, ix_key(key, 'Q', day, 0), &v, err);

	*s = (struct keepsum){ 0 };
	return f == FOUND && !read_sum(v, s) ? ABSENT : f;
}

int
keepsum_put(
    struct kv_txn *t, uint32_t day, const struct keepsum *s, struct err *err)
{
	char key[IX_KEY];

	return kv_put(t, ix_key(key, 'Q', day, 0), slice_of(s, sizeof *s), err);
}

enum found
keepsum_next(struct kv_txn *t, uint32_t from, uint32_t *day, struct keepsum *s,
    struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	char key[IX_KEY];
	struct slice k, v;
	enum found f;

	if (c == NULL)
		return TEMPFAIL;
	f = kv_seek(c, ix_key(key, 'Q', from, 0), &k, &v, err);
	if (f == FOUND && (!ix_key_box(k, 'Q', day) || !read_sum(v, s)))
		f = ABSENT;
	kv_cursor_close(&c);
	return f;
}

int
keepsum_total(struct kv_txn *t, struct keepsum *sum, struct err *err)
{
	struct keepsum one;
	uint32_t day = 0;
	enum found f;

	*sum = (struct keepsum){ 0 };
	while ((f = keepsum_next(t, day, &day, &one, err)) == FOUND) {
		sum->bytes += one.bytes;
		sum->messages += one.messages;
		day++;
	}
	return f == TEMPFAIL ? -1 : 0;
}

int
keepsum_took(struct kv_txn *t, int64_t day_s, uint64_t bytes, uint64_t n,
    struct err *err)
{
	const uint32_t day = keepsum_day(day_s);
	struct keepsum s;
	const enum found f = keepsum_get(t, day, &s, err);

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	s.bytes -= bytes < s.bytes ? bytes : s.bytes;
	s.messages -= n < s.messages ? n : s.messages;
	return keepsum_put(t, day, &s, err);
}

int
keepsum_del(struct kv_txn *t, uint32_t day, struct err *err)
{
	char key[IX_KEY];

	return kv_del(t, ix_key(key, 'Q', day, 0), err);
}
