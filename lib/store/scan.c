/* SPDX-License-Identifier: ISC */
#include "store/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/takeover.h"
#include "store/walk.h"
#include "sys/clock.h"

enum {
	UNSURE_MAX = 2000, /* so many messages are read again on suspicion */
	TICK_NS = 20 * 1000000, /* times of files are not finer than this */
};

struct change {
	uint32_t uid;
	struct scan_entry *e; /* NULL: gone */
};

struct scan {
	struct tx *tx;
	struct ix_box *b;
	const struct box_dirs *d;
	const struct scan_how *how;
	struct scan_list list;
	struct change *changes;
	size_t nchanges;
	size_t ngone;
	size_t cap;
};

uint32_t
scan_keywords(const struct keyword_table *t)
{
	uint32_t mask = 0;

	for (int i = 0; i < MAILBOX_KEYWORDS; i++)
		if (t->names[i] != NULL)
			mask |= 1U << i;
	return mask;
}

bool
scan_due(const struct ix_box *b, const struct box_dirs *d, bool thorough)
{
	return thorough || dir_mtime_ns(d->curfd) != b->cur_mtime_ns ||
	       dir_mtime_ns(d->newfd) != b->new_mtime_ns ||
	       ((b->bits & BOX_UNSURE) != 0 && b->messages <= UNSURE_MAX);
}

static void
add_change(struct scan *s, uint32_t uid, struct scan_entry *e)
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
		struct scan_entry *e;

		filename_parse(slice_str(w.msg.file), &f);
		e = scan_list_find(&s->list, w.uid, f.stem);
		if (e != NULL)
			e->used = true;
		if (e == NULL || strcmp(e->name, w.msg.file) != 0 ||
		    e->in_new != ((w.hot.bits & HOT_NEW) != 0))
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
apply_rename(
    struct scan *s, uint32_t uid, const struct scan_entry *e, struct err *err)
{
	struct filename was;
	struct ix_hot hot;
	struct ix_msg msg;
	uint32_t bits, keywords;

	if (ix_get_hot(s->tx->t, s->b->box, uid, &hot, err) != FOUND ||
	    ix_get_msg(s->tx->t, s->b->box, uid, &msg, err) != FOUND)
		return -1;
	filename_parse(slice_str(msg.file), &was);
	bits = (hot.bits & ~(uint32_t)(MSG_FLAGS | HOT_NEW | HOT_PENDING)) |
	       merge(hot.bits & MSG_FLAGS, was.flags, e->f.flags);
	keywords = merge(hot.keywords, was.keywords & s->how->keywords,
	    e->f.keywords & s->how->keywords);
	if (e->in_new)
		bits |= HOT_NEW;
	if ((bits & MSG_FLAGS) != e->f.flags || keywords != e->f.keywords ||
	    !slice_eq(was.stem, e->f.stem))
		bits |= HOT_PENDING;
	if (!slice_copy(slice_str(e->name), msg.file, sizeof msg.file))
		return err_set(err, ERR_TEMP, "file name too long");
	if (ix_put_msg(s->tx->t, s->b->box, uid, &msg, err) == -1)
		return -1;
	return tx_change(s->tx, s->b, uid, &hot, bits, keywords, err);
}

static int
apply_changes(struct scan *s, struct err *err)
{
	for (size_t i = 0; i < s->nchanges; i++) {
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
wanted_uid(const struct scan *s, const struct scan_entry *e)
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
	const struct scan_entry *a = *(struct scan_entry *const *)pa;
	const struct scan_entry *b = *(struct scan_entry *const *)pb;

	if (a->want != b->want)
		return a->want - 1 < b->want - 1 ? -1 : 1; /* 0 comes last */
	if (a->time_s != b->time_s)
		return a->time_s < b->time_s ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int
adopt_sorted(struct scan *s, struct scan_entry **v, size_t n, struct err *err)
{
	uint32_t last = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i]->want != 0 && v[i]->want == last)
			v[i]->want = 0; /* a second file with the same UID */
		else if (v[i]->want != 0) {
			last = v[i]->want;
			if (adopt(s->tx, s->b, s->d, s->how, v[i], err) == -1)
				return -1;
		}
	}
	qsort(v, n, sizeof(*v), by_want);
	for (size_t i = 0; i < n; i++)
		if (v[i]->want == 0 &&
		    adopt(s->tx, s->b, s->d, s->how, v[i], err) == -1)
			return -1;
	return 0;
}

static int
adopt_unknown(struct scan *s, struct err *err)
{
	struct scan_entry **v = xcalloc(s->list.n, sizeof(*v));
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < s->list.n; i++) {
		struct scan_entry *e = &s->list.v[i];

		if (e->used)
			continue;
		e->want = wanted_uid(s, e);
		v[n++] = e;
	}
	qsort(v, n, sizeof(*v), by_want);
	rc = adopt_sorted(s, v, n, err);
	xfree(&v);
	return rc;
}

/* Is there room for what will be written? */
static bool
fits(const struct scan *s, size_t *room)
{
	size_t n = s->nchanges;

	for (size_t i = 0; i < s->list.n; i++)
		n += !s->list.v[i].used;
	if (room == NULL || n * TX_ROOM_MSG <= *room)
		return true;
	*room = n * TX_ROOM_MSG;
	return false;
}

static int
read_and_compare(struct scan *s, struct err *err)
{
	scan_list_fini(&s->list);
	if (scan_list_read(&s->list, s->d, err) == -1)
		return -1;
	return compare(s, err);
}

static int
scan(struct scan *s, size_t *room, struct err *err)
{
	if (read_and_compare(s, err) == -1)
		return -1;
	/* A file that is renamed while a directory is read may be missed. */
	if (s->ngone > 0 && read_and_compare(s, err) == -1)
		return -1;
	if (!fits(s, room))
		return 1;
	if (s->ngone > 0 && find_renamed(s, err) == -1)
		return -1;
	if (apply_changes(s, err) == -1)
		return -1;
	return adopt_unknown(s, err);
}

int
scan_box(struct tx *tx, struct ix_box *b, const struct box_dirs *d,
    const struct scan_how *how, size_t *room, struct err *err)
{
	struct scan s = { .tx = tx, .b = b, .d = d, .how = how };
	const struct tx_times t = tx_times_begin(d);
	const int64_t now_ns = clock_wall_us() * 1000;
	const bool settled =
	    now_ns - t.cur_ns > TICK_NS && now_ns - t.new_ns > TICK_NS;
	int rc;

	arena_init(&s.list.arena);
	b->cur_mtime_ns = t.cur_ns;
	b->new_mtime_ns = t.new_ns;
	if (settled)
		b->bits &= ~(uint32_t)BOX_UNSURE;
	else
		b->bits |= BOX_UNSURE;
	rc = scan(&s, room, err);
	tx_times_end(t, d, b);
	scan_list_fini(&s.list);
	xfree(&s.changes);
	return rc;
}
