/* SPDX-License-Identifier: ISC */
/* Which UIDs of a mailbox are which documents. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fulltext/fulltext.h"
#include "fulltext/inner.h"

static enum found
find_box(struct fulltext *f, struct slice id, uint32_t uidvalidity,
    int64_t *box, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_FIND_BOX, err);
	enum found found;

	if (st == NULL)
		return TEMPFAIL;
	db_bind_slice(st, 1, id);
	db_bind(st, 2, uidvalidity);
	found = db_step(&f->db, st, err);
	if (found == FOUND)
		*box = db_number(st, 0);
	db_reset(st);
	return found;
}

static struct fulltext_run *
new_run(struct fulltext_places *p, size_t at)
{
	if (p->n == p->cap) {
		p->cap = p->cap > 0 ? 2 * p->cap : 16;
		p->v = xreallocarray(p->v, p->cap, sizeof *p->v);
	}
	memmove(p->v + at + 1, p->v + at, (p->n - at) * sizeof *p->v);
	p->n++;
	return &p->v[at];
}

/* A run that cannot be, or is out of order, is damage. */
static int
take_run(struct fulltext *f, struct fulltext_places *p, struct sqlite3_stmt *st,
    struct err *err)
{
	const struct fulltext_run *last = p->n > 0 ? &p->v[p->n - 1] : NULL;
	const int64_t uid = db_number(st, 0), n = db_number(st, 1);
	const int64_t doc = db_number(st, 2);

	if (uid < 1 || n < 1 || doc < 0 || uid + n - 1 > UINT32_MAX ||
	    (last != NULL && uid < (int64_t)last->uid + last->n)) {
		f->db.damaged = true;
		return err_set(err, ERR_TEMP, "full-text index: runs");
	}
	*new_run(p, p->n) = (struct fulltext_run){
		.uid = (uint32_t)uid, .n = (uint32_t)n, .doc = (uint64_t)doc
	};
	return 0;
}

int
fulltext_places(struct fulltext *f, struct slice id, uint32_t uidvalidity,
    struct fulltext_places *p, struct err *err)
{
	struct sqlite3_stmt *st;
	enum found found;

	*p = (struct fulltext_places){ .n = 0 };
	found = find_box(f, id, uidvalidity, &p->box, err);
	if (found != FOUND)
		return found == TEMPFAIL ? -1 : 0;
	st = db_statement(&f->db, DB_RUNS, err);
	if (st == NULL)
		return -1;
	db_bind(st, 1, p->box);
	while ((found = db_step(&f->db, st, err)) == FOUND)
		if (take_run(f, p, st, err) == -1) {
			db_reset(st);
			found = TEMPFAIL;
			break;
		}
	if (found == ABSENT)
		return 0;
	fulltext_places_fini(p);
	return -1;
}

void
fulltext_places_fini(struct fulltext_places *p)
{
	xfree(&p->v);
	*p = (struct fulltext_places){ .n = 0 };
}

/* The first run that ends at UID or behind it. */
static size_t
find_run(const struct fulltext_places *p, uint32_t uid)
{
	size_t lo = 0, hi = p->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (p->v[mid].uid + (p->v[mid].n - 1) < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum found
fulltext_place_of(const struct fulltext_places *p, uint32_t uid, uint64_t *doc)
{
	const size_t at = find_run(p, uid);
	const struct fulltext_run *r = at < p->n ? &p->v[at] : NULL;

	if (r == NULL || uid < r->uid)
		return ABSENT;
	*doc = r->doc != 0 ? r->doc + (uid - r->uid) : 0;
	return FOUND;
}

void
fulltext_place(struct fulltext_places *p, uint32_t uid, uint64_t doc)
{
	const size_t at = find_run(p, uid);
	struct fulltext_run *before = at > 0 ? &p->v[at - 1] : NULL;

	if (before != NULL && before->uid + before->n == uid &&
	    (doc == 0 ? before->doc == 0
		      : before->doc != 0 && before->doc + before->n == doc)) {
		before->n++;
		before->changed = true;
		return;
	}
	*new_run(p, at) = (struct fulltext_run){
		.uid = uid, .n = 1, .doc = doc, .changed = true
	};
}

bool
fulltext_places_keep(struct fulltext_places *p, const uint32_t *uids, size_t n)
{
	struct fulltext_places kept = { .box = p->box };
	size_t had = 0, has = 0;
	uint64_t doc;

	for (size_t i = 0; i < p->n; i++)
		had += p->v[i].n;
	for (size_t i = 0; i < n; i++)
		if (fulltext_place_of(p, uids[i], &doc) == FOUND) {
			fulltext_place(&kept, uids[i], doc);
			has++;
		}
	if (has == had) {
		fulltext_places_fini(&kept);
		return false;
	}
	xfree(&p->v);
	*p = kept;
	return true;
}

static int
add_box(struct fulltext *f, struct slice id, uint32_t uidvalidity,
    struct fulltext_places *p, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_ADD_BOX, err);

	if (st == NULL)
		return -1;
	db_bind_slice(st, 1, id);
	db_bind(st, 2, uidvalidity);
	if (db_step(&f->db, st, err) == TEMPFAIL ||
	    find_box(f, id, uidvalidity, &p->box, err) != FOUND)
		return -1;
	return 0;
}

static int
put_run(
    struct fulltext *f, int64_t box, struct fulltext_run *r, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_PUT_RUN, err);

	if (st == NULL)
		return -1;
	db_bind(st, 1, box);
	db_bind(st, 2, r->uid);
	db_bind(st, 3, r->n);
	db_bind(st, 4, (int64_t)r->doc);
	if (db_step(&f->db, st, err) == TEMPFAIL)
		return -1;
	r->changed = false;
	return 0;
}

static int
del_runs(struct fulltext *f, int64_t box, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_DEL_RUNS, err);

	if (st == NULL)
		return -1;
	db_bind(st, 1, box);
	return db_step(&f->db, st, err) == TEMPFAIL ? -1 : 0;
}

int
fulltext_put_places(struct fulltext *f, struct slice id, uint32_t uidvalidity,
    struct fulltext_places *p, bool anew, struct err *err)
{
	if (p->box == 0 && p->n > 0 &&
	    add_box(f, id, uidvalidity, p, err) == -1)
		return -1;
	if (anew && p->box != 0 && del_runs(f, p->box, err) == -1)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if ((anew || p->v[i].changed) &&
		    put_run(f, p->box, &p->v[i], err) == -1)
			return -1;
	return 0;
}
