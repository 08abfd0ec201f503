/* SPDX-License-Identifier: ISC */
#include "store/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/walk.h"
#include "maildir/keywords.h"
#include "maildir/kwfile.h"
#include "maildir/listing.h"
#include "maildir/takeover.h"
#include "store/adopt.h"
#include "store/kwtable.h"
#include "sys/clock.h"

enum {
	UNSURE_MAX = 2000,    /* so many messages are read again on suspicion */
	CHANGES_MAX = 2000,   /* in one transaction */
	FILE_BYTES = 4 << 20, /* of new files, in one transaction */
	TICK_NS = 20 * 1000000, /* times of files are not finer than this */
};

struct change {
	uint32_t uid;
	struct listing_entry *e; /* NULL: gone */
};

struct scan {
	struct tx *tx;
	struct ix_box *b;
	const struct maildir *d;
	const struct scan_how *how;
	struct listing list;
	struct kwfile more;
	struct change *changes;
	size_t nchanges;
	size_t ngone;
	size_t cap;
};

bool
scan_due(const struct ix_box *b, const struct maildir *d, bool thorough)
{
	const struct maildir_times t = maildir_times(d);

	return thorough || (b->bits & BOX_MORE) != 0 ||
	       t.cur_ns != b->cur_mtime_ns || t.new_ns != b->new_mtime_ns ||
	       ((b->bits & BOX_UNSURE) != 0 && b->messages <= UNSURE_MAX);
}

static void
add_change(struct scan *s, uint32_t uid, struct listing_entry *e)
{
	if (s->nchanges == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 16;
		s->changes =
		    xreallocarray(s->changes, s->cap, sizeof *s->changes);
	}
	s->changes[s->nchanges++] = (struct change){ uid, e };
	s->ngone += e == NULL;
}

/* Find each message of the index in the list. */
static int
compare(struct scan *s, struct err *err)
{
	struct filename f;
	struct walk w;
	enum found more;

	s->nchanges = s->ngone = 0;
	if (walk_open(&w, s->tx->t, s->b->box, 0, true, err) == -1)
		return -1;
	while ((more = walk_next(&w, err)) == FOUND) {
		struct listing_entry *e;

		filename_parse(slice_str(w.msg.file), &f);
		e = listing_find(&s->list, w.uid, f.stem);
		if (e != NULL)
			e->used = true;
		if (e == NULL || strcmp(e->name, w.msg.file) != 0 ||
		    e->part != ix_part(&w.hot))
			add_change(s, w.uid, e);
	}
	walk_close(&w);
	return more == TEMPFAIL ? -1 : 0;
}

/* A message that lost its stem but not its base was renamed by a program that
 * corrects sizes or drops what it does not know. */
static int
find_renamed(struct scan *s, struct err *err)
{
	struct map bases;
	struct ix_msg msg;
	struct filename f;
	int rc = 0;

	map_init(&bases);
	for (size_t i = 0; i < s->list.n; i++)
		if (!s->list.v[i].used)
			map_put(&bases, s->list.v[i].f.base, &s->list.v[i]);
	for (size_t i = 0; i < s->nchanges && bases.count > 0; i++) {
		struct change *c = &s->changes[i];

		if (c->e != NULL)
			continue;
		if (ix_get_msg(s->tx->t, s->b->box, c->uid, &msg, err) !=
		    FOUND) {
			rc = -1;
			break;
		}
		filename_parse(slice_str(msg.file), &f);
		c->e = map_del(&bases, f.base);
		if (c->e != NULL)
			c->e->used = true;
	}
	map_fini(&bases);
	return rc;
}

static uint32_t
merge(uint32_t ours, uint32_t before, uint32_t after)
{
	return (ours | (after & ~before)) & ~(before & ~after);
}

/* Another program gave the file of UID another name. */
static int
apply_rename(struct scan *s, uint32_t uid, const struct listing_entry *e,
    struct err *err)
{
	struct filename was;
	struct ix_hot hot;
	struct ix_msg msg;
	struct keyword_set set;
	uint32_t bits, letters;
	const uint32_t known = keywords_letters(s->how->table);

	if (ix_get_hot(s->tx->t, s->b->box, uid, &hot, err) != FOUND ||
	    ix_get_msg(s->tx->t, s->b->box, uid, &msg, err) != FOUND ||
	    ix_get_keywords(s->tx->t, s->b->box, uid, &hot, &set, err) != FOUND)
		return -1;
	filename_parse(slice_str(msg.file), &was);
	bits = (hot.bits & ~(uint32_t)(MSG_FLAGS | HOT_NEW | HOT_PENDING)) |
	       merge(hot.bits & MSG_FLAGS, was.flags, e->f.flags);
	bits |= hot.bits & HOT_LINE ? HOT_PENDING : 0;
	letters = merge(hot.letters, was.letters & known, e->f.letters & known);
	keyword_set_put_letters(&set, letters);
	if (e->part == MAILDIR_NEW)
		bits |= HOT_NEW;
	if ((bits & MSG_FLAGS) != e->f.flags || letters != e->f.letters ||
	    !slice_eq(was.stem, e->f.stem))
		bits |= HOT_PENDING;
	if (!slice_copy(slice_str(e->name), msg.file, sizeof msg.file))
		return err_set(err, ERR_TEMP, "file name too long");
	if (ix_put_msg(s->tx->t, s->b->box, uid, &msg, err) == -1)
		return -1;
	return tx_change(s->tx, s->b, uid, &hot, bits, &set, err);
}

/* As many as a transaction takes. */
static int
apply_changes(struct scan *s, struct err *err)
{
	for (size_t i = 0; i < s->nchanges && i < CHANGES_MAX; i++) {
		const struct change *c = &s->changes[i];
		const int rc = c->e == NULL
				   ? tx_gone(s->tx, s->b, c->uid, err)
				   : apply_rename(s, c->uid, c->e, err);

		if (rc == -1)
			return -1;
	}
	return 0;
}

/* UIDs in names hold where nobody can have been told otherwise: when the index
 * is built, those that were given out; else, those that a killed process was
 * about to give out. */
static uint32_t
wanted_uid(const struct scan *s, const struct listing_entry *e)
{
	uint32_t uid = e->f.uid;

	if (!s->how->build)
		return uid >= s->b->uidnext && uid < s->b->ceiling ? uid : 0;
	if ((uid == 0 || uid >= s->b->uidnext) && s->how->from != NULL)
		uid = takeover_uid(s->how->from, e->f.stem);
	return uid < s->b->uidnext ? uid : 0;
}

static int
by_want(const void *pa, const void *pb)
{
	const struct listing_entry *a = *(struct listing_entry *const *)pa;
	const struct listing_entry *b = *(struct listing_entry *const *)pb;

	if (a->want != b->want)
		return a->want - 1 < b->want - 1 ? -1 : 1; /* 0 comes last */
	if (a->time_s != b->time_s)
		return a->time_s < b->time_s ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The files that the index does not know, in the order in which they get their
 * UIDs. */
static struct listing_entry **
list_unknown(struct scan *s, size_t *n)
{
	struct listing_entry **v = xcalloc(s->list.n + 1, sizeof(*v));
	uint32_t last = 0;

	*n = 0;
	for (size_t i = 0; i < s->list.n; i++) {
		struct listing_entry *e = &s->list.v[i];

		if (e->used)
			continue;
		e->want = wanted_uid(s, e);
		v[(*n)++] = e;
	}
	qsort(v, *n, sizeof(*v), by_want);
	for (size_t i = 0; i < *n; i++) {
		if (v[i]->want != 0 && v[i]->want == last)
			v[i]->want = 0; /* a second file with the same UID */
		else if (v[i]->want != 0)
			last = v[i]->want;
	}
	qsort(v, *n, sizeof(*v), by_want);
	return v;
}

struct scan_rest {
	struct listing list;
	struct listing_entry **v; /* into list */
	size_t n;
	size_t at;
	struct kwfile more;
	struct takeover from;
	bool has_from;
	struct scan_how how;
};

void
scan_rest_free(struct scan_rest **rp)
{
	struct scan_rest *r = *rp;

	if (r == NULL)
		return;
	listing_fini(&r->list);
	kwfile_fini(&r->more);
	if (r->has_from)
		takeover_fini(&r->from);
	xfree(&r->v);
	xfree(rp);
}

/* Take in what follows V[*AT], as much as a transaction takes. */
static int
adopt_some(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, struct kwfile *more, struct listing_entry **v,
    size_t n, size_t *at, struct err *err)
{
	const size_t end = *at + SCAN_FILES < n ? *at + SCAN_FILES : n;
	int64_t bytes = 0;

	while (*at < end && bytes < FILE_BYTES)
		if (adopt(tx, b, d, how, more, v[(*at)++], &bytes, err) == -1)
			return -1;
	return 0;
}

static void
note_more(struct tx *tx, struct ix_box *b, const struct scan_how *how)
{
	b->bits |= BOX_MORE;
	if (how->build)
		b->bits |= BOX_BUILD;
	if (how->doubt)
		b->bits |= BOX_DOUBT;
	tx->pended = true; /* the store goes on by itself */
}

static void
note_all(struct ix_box *b)
{
	b->bits &= ~(uint32_t)(BOX_MORE | BOX_BUILD | BOX_DOUBT);
}

static int
adopt_unknown(struct scan *s, struct takeover *from, struct scan_rest **rest,
    struct err *err)
{
	struct scan_rest *r;
	size_t n, at = 0;
	struct listing_entry **v = list_unknown(s, &n);

	if (adopt_some(s->tx, s->b, s->d, s->how, &s->more, v, n, &at, err) ==
	    -1) {
		xfree(&v);
		return -1;
	}
	if (at == n) {
		note_all(s->b);
		xfree(&v);
		return 0;
	}
	note_more(s->tx, s->b, s->how);
	if (rest == NULL) {
		xfree(&v);
		return 0;
	}
	r = *rest = xcalloc(1, sizeof *r);
	r->list = s->list;
	r->more = s->more;
	r->v = v;
	r->n = n;
	r->at = at;
	r->how = *s->how;
	arena_init(&s->list.arena);
	s->list.v = NULL;
	kwfile_init(&s->more, s->d->fd);
	if (from != NULL) {
		r->from = *from;
		r->has_from = true;
		*from = (struct takeover){ 0 };
	}
	return 0;
}

int
scan_on(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct scan_rest **rest, struct err *err)
{
	const struct maildir_times t = maildir_times(d);
	struct scan_rest *r = *rest;
	int rc;

	r->how.table = table;
	r->how.from = r->has_from ? &r->from : NULL;
	r->more.dirfd = d->fd;
	rc = adopt_some(tx, b, d, &r->how, &r->more, r->v, r->n, &r->at, err);
	tx_times_end(t, d, b);
	if (rc == 0 && r->at < r->n) {
		note_more(tx, b, &r->how);
		return 0;
	}
	if (rc == 0)
		note_all(b);
	scan_rest_free(rest);
	return rc;
}

static int
read_and_compare(struct scan *s, struct err *err)
{
	listing_fini(&s->list);
	if (listing_read(&s->list, s->d, 0, err) == -1)
		return -1;
	return compare(s, err);
}

/* Another program may have given a letter a meaning. */
static int
learn_letters(struct scan *s, struct err *err)
{
	uint32_t letters = 0;

	for (size_t i = 0; i < s->list.n; i++)
		letters |= s->list.v[i].f.letters;
	if (s->how->build || (letters & ~keywords_letters(s->how->table)) == 0)
		return 0;
	return kwtable_sync(s->tx, s->b, s->d, s->how->table, err);
}

static int
scan(struct scan *s, struct takeover *from, struct scan_rest **rest,
    struct err *err)
{
	if (read_and_compare(s, err) == -1)
		return -1;
	/* A file that is renamed while a directory is read may be missed. */
	if (s->ngone > 0 && read_and_compare(s, err) == -1)
		return -1;
	if ((s->ngone > 0 && find_renamed(s, err) == -1) ||
	    learn_letters(s, err) == -1 || apply_changes(s, err) == -1)
		return -1;
	if (s->nchanges > CHANGES_MAX) {
		note_more(s->tx, s->b, s->how);
		return 0;
	}
	return adopt_unknown(s, from, rest, err);
}

static void
scan_init(struct scan *s)
{
	arena_init(&s->list.arena);
	kwfile_init(&s->more, s->d->fd);
}

static void
scan_fini(struct scan *s)
{
	listing_fini(&s->list);
	kwfile_fini(&s->more);
	xfree(&s->changes);
}

/* The directories as they are now count as looked at. */
static struct maildir_times
note_times(struct ix_box *b, const struct maildir *d)
{
	const struct maildir_times t = maildir_times(d);
	const int64_t now_ns = clock_wall_us() * 1000;

	b->cur_mtime_ns = t.cur_ns;
	b->new_mtime_ns = t.new_ns;
	if (now_ns - t.cur_ns > TICK_NS && now_ns - t.new_ns > TICK_NS)
		b->bits &= ~(uint32_t)BOX_UNSURE;
	else
		b->bits |= BOX_UNSURE;
	return t;
}

int
scan_box(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, struct takeover *from, struct scan_rest **rest,
    struct err *err)
{
	struct scan s = { .tx = tx, .b = b, .d = d, .how = how };
	const struct maildir_times t = note_times(b, d);
	int rc;

	scan_init(&s);
	rc = scan(&s, from, rest, err);
	tx_times_end(t, d, b);
	scan_fini(&s);
	return rc;
}

int
scan_new_box(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, size_t *left, struct err *err)
{
	const size_t max = *left < SCAN_FILES ? *left : SCAN_FILES;
	struct scan s = { .tx = tx, .b = b, .d = d, .how = how };
	const struct maildir_times t = note_times(b, d);
	int rc = 1;

	scan_init(&s);
	if (max > 0)
		rc = listing_read(&s.list, d, max, err);
	if (rc == 0) {
		*left -= s.list.n;
		rc = adopt_unknown(&s, NULL, NULL, err);
	} else if (rc == 1) {
		note_more(tx, b, how);
		rc = 0;
	}
	tx_times_end(t, d, b);
	scan_fini(&s);
	return rc;
}
