/* SPDX-License-Identifier: ISC */
#include "reporter/tally_inner.h"

#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "sys/kv.h"
#include "sys/kvstamp.h"
#include "tls/digest.h"

/* kv_commit changes what FORM says: a new form is a new word here. */
static const char form[] = "pabal-reports 2";

static struct {
	int dir;
	struct kv_env *kv;
	struct kv_txn *writing;
	struct tally_limits limits;
	struct tally_now now;
} t = { .dir = -1 };

/* ---- keys ---- */

struct slice
tally_key_slice(const struct tally_key *k)
{
	return slice_of(k->bytes, k->n);
}

void
tally_key_add(struct tally_key *k, const void *p, size_t n)
{
	must(n <= sizeof k->bytes - k->n);
	if (n > 0)
		memcpy(k->bytes + k->n, p, n);
	k->n += n;
}

void
tally_key_begin(struct tally_key *k, char what, int64_t begin_s)
{
	char be[8];

	for (int i = 0; i < 8; i++)
		be[i] = (char)((uint64_t)begin_s >> (56 - 8 * i) & 0xff);
	k->n = 0;
	tally_key_add(k, &what, 1);
	tally_key_add(k, be, sizeof be);
}

void
tally_key_init(struct tally_key *k, char what, int64_t begin_s,
    enum report_kind kind, struct slice domain)
{
	const char byte = (char)kind;

	tally_key_begin(k, what, begin_s);
	tally_key_add(k, &byte, 1);
	tally_key_add(k, domain.p, domain.n);
}

void
tally_key_rows(struct tally_key *k, int64_t begin_s, enum report_kind kind,
    struct slice domain)
{
	tally_key_init(k, 'R', begin_s, kind, domain);
	tally_key_add(k, "", 1);
}

/* ---- the table ---- */

int
tally_damaged(struct kv_txn *txn, struct err *err)
{
	kv_distrust(txn);
	return err_set(err, ERR_TEMP, "a record is damaged");
}

int
tally_get_now(struct kv_txn *txn, struct tally_now *now, struct err *err)
{
	struct slice v;
	const enum found f = kv_get(txn, SLICE("C"), &v, err);

	*now = (struct tally_now){ 0 };
	if (f == FOUND && v.n != sizeof *now)
		return tally_damaged(txn, err);
	if (f == FOUND)
		memcpy(now, v.p, sizeof *now);
	return f == TEMPFAIL ? -1 : 0;
}

int
tally_put_now(struct kv_txn *txn, const struct tally_now *now, struct err *err)
{
	return kv_put(txn, SLICE("C"), slice_of(now, sizeof *now), err);
}

static int
open_table(struct err *err)
{
	struct kv_txn *txn;
	struct tally_now now;
	int rc = -1;

	t.kv = kv_open(t.dir, KVSTAMP_FILE, err);
	txn = t.kv != NULL ? kv_read(t.kv, err) : NULL;
	if (txn != NULL)
		rc = tally_get_now(txn, &now, err);
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

struct kv_env *
tally_table(void)
{
	return t.kv;
}

bool
tally_is_open(void)
{
	return t.kv != NULL;
}

/* ---- a report's head ---- */

int
tally_get_head(struct kv_txn *txn, struct slice key, struct tally_head *h,
    struct slice *about, struct err *err)
{
	struct slice v;
	const enum found f = kv_get(txn, key, &v, err);

	*h = (struct tally_head){ 0 };
	*about = SLICE("");
	if (f == ABSENT)
		return 0;
	if (f == TEMPFAIL || v.n < sizeof *h)
		return f == TEMPFAIL ? -1 : tally_damaged(txn, err);
	memcpy(h, v.p, sizeof *h);
	*about = slice_from(v, sizeof *h);
	return 1;
}

int
tally_put_head(struct kv_txn *txn, struct slice key, const struct tally_head *h,
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
	t.writing = kv_write(t.kv, TALLY_ROOM, err);
	if (t.writing == NULL)
		return -1;
	if (tally_get_now(t.writing, &t.now, err) == 0)
		return 0;
	kv_abort(&t.writing);
	return -1;
}

/* The interval that NOW_S is in begins where the one before has ended. */
static void
move_on(struct tally_now *now, int64_t now_s, int64_t interval_s)
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

uint64_t
tally_cost(size_t n)
{
	return n + TALLY_OVERHEAD + ADDRESS_DOMAIN_MAX / 4;
}

/* Count one more in the row at KEY.  1: it is new. */
static int
count_row(const struct tally_message *m, struct slice key, bool room,
    bool *missed, struct err *err)
{
	struct tally_row row = { .count_at = m->count_at };
	struct slice v, had = SLICE("");
	struct buf out = { .max = sizeof row + (1 << 20) };
	const enum found f = kv_get(t.writing, key, &v, err);
	int rc;

	if (f == TEMPFAIL)
		return -1;
	if (f == FOUND && v.n < sizeof row)
		return tally_damaged(t.writing, err);
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
	memcpy(digest + TALLY_GROUP_BYTES, whole,
	    TALLY_DIGEST_BYTES - TALLY_GROUP_BYTES);
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
	tally_key_init(&head, 'P', t.now.begin_s, m->kind, m->domain);
	found =
	    tally_get_head(t.writing, tally_key_slice(&head), &h, &about, err);
	if (found == -1)
		return -1;
	room = h.rows < t.limits.rows &&
	       t.now.bytes + tally_cost(m->row.n) < t.limits.room;
	if (found == 0 && !room) {
		*missed = true;
		return 0;
	}
	row_digest(m, digest);
	tally_key_rows(&key, t.now.begin_s, m->kind, m->domain);
	tally_key_add(&key, digest, TALLY_DIGEST_BYTES);
	new = count_row(m, tally_key_slice(&key), room, missed, err);
	if (new == -1)
		return -1;
	h.rows += (uint32_t) new;
	h.missed += *missed;
	h.end_s = t.now.end_s;
	t.now.bytes += new == 1 ? tally_cost(m->row.n) : 0;
	return tally_put_head(
	    t.writing, tally_key_slice(&head), &h, m->about, err);
}

int
tally_commit(struct err *err)
{
	if (tally_put_now(t.writing, &t.now, err) == -1) {
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
