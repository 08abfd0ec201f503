/* SPDX-License-Identifier: ISC */
/*
 * A scan reads the directories (READ), finds each message of the index among
 * the files (COMPARE), notes what others did to those (APPLY), and takes in
 * what is left (ADOPT).  A file that is renamed while a directory is read may
 * be missed, so that messages count as gone only when they were missed twice.
 *
 * Each piece of work has a price, and a step has so much to spend.
 */
#include "store/scan.h"

#include "base/map.h"
#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/walk.h"
#include "maildir/boxfile.h"
#include "maildir/keywords.h"
#include "maildir/kwfile.h"
#include "maildir/listing.h"
#include "maildir/maildir.h"
#include "maildir/takeover.h"
#include "maildir/uidfile.h"
#include "store/adopt.h"
#include "store/kwtable.h"
#include "store/scan_change.h"
#include "store/scan_order.h"
#include "sys/clock.h"

enum {
	UNSURE_MAX = 2000,  /* so many messages are read again on suspicion */
	CHANGES_MAX = 2000, /* in one transaction */

	STEP_COST = 8000, /* of a step; one is well below a microsecond */
	LINE_COST = 1,    /* of another server's list */
	ENTRY_COST = 2,
	COMPARE_COST = 3,
	CHANGE_COST = 40,
	ADOPT_COST = 10,      /* of a file with its full name */
	RENAME_COST = 30,     /* of another */
	COST_BYTES = 4 << 10, /* of a file that is read */

	NEW_LINES = 2000, /* of the list of a mailbox that is small */
	NEW_COST = 40,    /* of a file of one, as boxes.h counts */
};

enum phase { LOAD, READ, COMPARE, APPLY, ADOPT, END };

struct change {
	uint32_t uid;
	struct listing_entry *e; /* NULL: gone */
};

struct scan {
	enum phase phase;
	bool again; /* the directories are read for the second time */
	struct scan_how how;
	struct takeover from;
	struct uidfile given;
	bool loaded;
	struct listing list;
	struct scan_order by_uid;  /* read, not compared */
	struct scan_order unknown; /* to the index */
	struct map bases;          /* of these; only when read again */
	uint32_t letters;          /* that files have */
	uint32_t at;               /* UIDs below were compared */
	struct change *changes;
	size_t nchanges;
	size_t cap;
	size_t done; /* of them */
	bool missed; /* one at least */
	uint32_t *missing;
	size_t nmissing;
	size_t missing_at;
	uint32_t last_want;
	struct kwfile more;

	/* Of the step. */
	struct tx *tx;
	struct ix_box *b;
	const struct maildir *d;
	int64_t left; /* to be spent */
	int64_t adopt_cost;
};

bool
scan_due(const struct ix_box *b, const struct maildir_times *t, bool thorough)
{
	return thorough || (b->bits & BOX_MORE) != 0 ||
	       t->cur_ns != b->cur_mtime_ns || t->new_ns != b->new_mtime_ns ||
	       ((b->bits & BOX_UNSURE) != 0 && b->messages <= UNSURE_MAX);
}

static void
begin_reading(struct scan *s)
{
	listing_init(&s->list);
	s->by_uid.by = &scan_order_by_uid;
	s->unknown.by = &scan_order_by_want;
	map_init(&s->bases);
	s->at = 0;
	s->nchanges = s->done = 0;
	s->phase = READ;
}

static void
end_reading(struct scan *s)
{
	listing_fini(&s->list);
	scan_order_fini(&s->by_uid);
	scan_order_fini(&s->unknown);
	map_fini(&s->bases);
}

static void
scan_init(struct scan *s, const struct scan_how *how)
{
	*s = (struct scan){ .how = *how, .adopt_cost = ADOPT_COST };
	begin_reading(s);
	kwfile_init(&s->more, -1);
	uidfile_init(&s->given);
}

static void
scan_fini(struct scan *s)
{
	end_reading(s);
	kwfile_fini(&s->more);
	uidfile_fini(&s->given);
	if (s->how.from == &s->from)
		takeover_fini(&s->from);
	xfree(&s->changes);
	xfree(&s->missing);
}

struct scan *
scan_new(const struct ix_box *b)
{
	struct scan *s = xcalloc(1, sizeof *s);

	scan_init(s, &(struct scan_how){ .build = (b->bits & BOX_BUILD) != 0,
			 .doubt = (b->bits & BOX_DOUBT) != 0 });
	if (s->how.build)
		s->how.later = &s->given;
	if (s->how.build || (b->bits & BOX_UIDS) != 0)
		s->phase = LOAD;
	return s;
}

void
scan_free(struct scan **sp)
{
	if (*sp == NULL)
		return;
	scan_fini(*sp);
	xfree(sp);
}

/* ---- what another server knew, and what names do not say yet ---- */

static int
load_given(struct scan *s, struct err *err)
{
	bool there = false;
	const int rc = uidfile_load(&s->given, s->d->fd, &there, err);

	if (there)
		s->b->bits |= BOX_UIDS;
	return rc;
}

static int
load_files(struct scan *s, struct err *err)
{
	s->loaded = true;
	if (load_given(s, err) == -1)
		return -1;
	if (!s->how.build)
		return 0;
	s->how.from = &s->from;
	if (takeover_load(&s->from, s->d->fd, err) == -1)
		return -1;
	takeover_only(&s->from, s->b->uidvalidity);
	return 0;
}

static int
load(struct scan *s, struct err *err)
{
	const size_t lines = (size_t)s->left / LINE_COST;

	if (!s->loaded && load_files(s, err) == -1)
		return -1;
	if (uidfile_some(&s->given, lines) ||
	    (s->how.build && takeover_some(&s->from, lines)))
		s->left = 0;
	else
		s->phase = READ;
	return 0;
}

/* ---- reading ---- */

/* UIDs in names hold where nobody can have been told otherwise: when the index
 * is built, those that were given out; else, those that a killed process was
 * about to give out. */
static uint32_t
wanted_uid(const struct scan *s, const struct listing_entry *e)
{
	const uint32_t next = s->b->uidnext, ceiling = s->b->ceiling;
	/* It is behind those that were brought along. */
	const uint32_t end = (s->b->bits & BOX_BROUGHT) != 0 ? ceiling : next;
	uint32_t uid = e->uid;

	if (!s->how.build)
		return uid >= next && uid < ceiling ? uid : 0;
	if ((uid == 0 || uid >= end) && s->how.from != NULL)
		uid = takeover_uid(s->how.from, listing_parse(e).stem);
	return uid < end ? uid : 0;
}

static void
put_unknown(struct scan *s, struct listing_entry *e)
{
	e->want = wanted_uid(s, e);
	if (s->again)
		map_put(&s->bases, listing_parse(e).base, e);
	scan_order_put(&s->unknown, e);
}

/* The UID that E has, where its name does not say it yet. */
static void
look_up(const struct scan *s, struct listing_entry *e)
{
	if (e->uid != 0)
		return;
	e->uid = uidfile_uid(&s->given, listing_parse(e).stem);
	e->listed = e->uid != 0;
}

static int
read_some(struct scan *s, struct err *err)
{
	struct listing_entry *e;
	struct filename name;
	enum found f = FOUND;

	for (; s->left > 0; s->left -= ENTRY_COST) {
		f = listing_next(&s->list, s->d, &e, &name, err);
		if (f != FOUND)
			break;
		s->letters |= name.letters;
		look_up(s, e);
		if (e->uid == 0 || s->b->messages == 0)
			put_unknown(s, e);
		else
			scan_order_put(&s->by_uid, e);
	}
	if (f == ABSENT)
		s->phase = COMPARE;
	return f == TEMPFAIL ? -1 : 0;
}

/* ---- comparing ---- */

static void
add_change(struct scan *s, uint32_t uid, struct listing_entry *e)
{
	if (s->nchanges == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 16;
		s->changes =
		    xreallocarray(s->changes, s->cap, sizeof *s->changes);
	}
	s->changes[s->nchanges++] = (struct change){ uid, e };
}

/* Was UID, in ascending order, missed the first time too? */
static bool
was_missing(struct scan *s, uint32_t uid)
{
	while (s->missing_at < s->nmissing && s->missing[s->missing_at] < uid)
		s->missing_at++;
	return s->missing_at < s->nmissing && s->missing[s->missing_at] == uid;
}

static void
note_missing(struct scan *s, const struct walk *w)
{
	struct maildir_stat st;

	s->left -= CHANGE_COST;
	/* Its name is another one since the directory was read. */
	if (maildir_find(s->d, ix_part(&w->hot), w->msg.file, &st) == FOUND)
		return;
	if (s->again && !was_missing(s, w->uid))
		return;
	s->missed = true;
	add_change(s, w->uid, NULL);
}

/* The file that E is among those read, and so are those of lower UIDs: these
 * are nobody's. */
static struct listing_entry *
find_file(struct scan *s, const struct walk *w)
{
	struct listing_entry *e, *found = NULL;
	struct filename f;

	filename_parse(slice_str(w->msg.file), &f);
	while ((e = scan_order_first(&s->by_uid)) != NULL && e->uid <= w->uid) {
		(void)scan_order_take(&s->by_uid);
		s->left -= ENTRY_COST;
		if (e->uid != w->uid || !listing_has_stem(e, f.stem)) {
			put_unknown(s, e);
		} else if (found == NULL) {
			found = e;
		} else if (scan_change_none(e, &w->hot, &w->msg)) {
			put_unknown(s, found);
			found = e;
		} else {
			put_unknown(s, e);
		}
	}
	return found;
}

static void
compare_one(struct scan *s, const struct walk *w)
{
	struct listing_entry *e = find_file(s, w);

	s->left -= COMPARE_COST;
	if (e == NULL)
		note_missing(s, w);
	else if (!scan_change_none(e, &w->hot, &w->msg))
		add_change(s, w->uid, e);
}

/* Those of the index; ABSENT: all of them were compared. */
static enum found
compare_messages(struct scan *s, struct err *err)
{
	struct walk w;
	enum found f = FOUND;

	if (walk_open(&w, s->tx->t, s->b->box, s->at, true, err) == -1)
		return TEMPFAIL;
	while (s->left > 0 && (f = walk_next(&w, err)) == FOUND) {
		compare_one(s, &w);
		s->at = w.uid + 1;
	}
	walk_close(&w);
	return f;
}

/* What is there to be read again, and what was missing then. */
static void
read_again(struct scan *s)
{
	s->missing = xcalloc(s->nchanges + 1, sizeof *s->missing);
	for (size_t i = 0; i < s->nchanges; i++)
		if (s->changes[i].e == NULL)
			s->missing[s->nmissing++] = s->changes[i].uid;
	s->again = true;
	s->missed = false;
	end_reading(s);
	begin_reading(s);
}

static int
compare_some(struct scan *s, struct err *err)
{
	struct listing_entry *e;
	const enum found f = compare_messages(s, err);

	if (f != ABSENT)
		return f == TEMPFAIL ? -1 : 0;
	while (s->left > 0 && (e = scan_order_take(&s->by_uid)) != NULL) {
		put_unknown(s, e);
		s->left -= ENTRY_COST;
	}
	if (scan_order_first(&s->by_uid) != NULL)
		return 0;
	if (s->missed && !s->again)
		read_again(s);
	else
		s->phase = APPLY;
	return 0;
}

/* ---- what others did ---- */

/* Another program may have given a letter a meaning. */
static int
learn_letters(struct scan *s, struct err *err)
{
	if (s->how.build || (s->letters & ~keywords_letters(s->how.table)) == 0)
		return 0;
	return kwtable_sync(s->tx, s->b, s->d, s->how.table, err);
}

/* A message that lost its stem but not its base was renamed by a program that
 * corrects sizes or drops what it does not know. */
static enum found
find_renamed(struct scan *s, struct change *c, struct err *err)
{
	struct filename f;
	struct ix_msg msg;
	enum found found;

	if (c->e != NULL || s->bases.count == 0)
		return FOUND;
	found = ix_get_msg(s->tx->t, s->b->box, c->uid, &msg, err);
	if (found != FOUND)
		return found;
	filename_parse(slice_str(msg.file), &f);
	c->e = map_del(&s->bases, f.base);
	if (c->e != NULL)
		c->e->used = true;
	return FOUND;
}

static int
apply_one(struct scan *s, struct change *c, struct err *err)
{
	struct scan_change change = { .tx = s->tx,
		.b = s->b,
		.d = s->d,
		.table = s->how.table,
		.uid = c->uid };
	const bool gone = c->e == NULL;
	enum found f = find_renamed(s, c, err);

	change.e = c->e;
	if (f == FOUND)
		f = scan_change_apply(&change, err);
	if (f == ABSENT && c->e != NULL) {
		c->e->used = false;
		if (!gone) /* else it is among the unknown still */
			put_unknown(s, c->e);
	}
	return f == TEMPFAIL ? -1 : 0;
}

static int
apply_some(struct scan *s, size_t max, struct err *err)
{
	const size_t end =
	    s->nchanges - s->done < max ? s->nchanges : s->done + max;

	if (s->done == 0 && learn_letters(s, err) == -1)
		return -1;
	for (; s->left > 0 && s->done < end; s->left -= CHANGE_COST)
		if (apply_one(s, &s->changes[s->done++], err) == -1)
			return -1;
	if (s->done == s->nchanges)
		s->phase = ADOPT;
	return 0;
}

/* ---- what is new ---- */

/* The next file that the index does not know, in the order in which they get
 * their UIDs; of two with the same one the second gets another. */
static struct listing_entry *
next_unknown(struct scan *s)
{
	struct listing_entry *e;

	while ((e = scan_order_take(&s->unknown)) != NULL) {
		if (e->used)
			continue;
		if (e->want == 0 || e->want != s->last_want)
			break;
		e->want = 0;
		scan_order_put(&s->unknown, e);
	}
	if (e != NULL && e->want != 0)
		s->last_want = e->want;
	return e;
}

static int
adopt_some(struct scan *s, struct err *err)
{
	struct listing_entry *e;

	while (s->left > 0) {
		int64_t bytes = 0;
		bool renamed = false;

		e = next_unknown(s);
		if (e == NULL) {
			s->phase = END;
			return 0;
		}
		look_up(s, e); /* another process was here first */
		if (adopt(s->tx, s->b, s->d, &s->how, &s->more, e, &bytes,
			&renamed, err) == -1)
			return -1;
		s->left -= s->adopt_cost + bytes / COST_BYTES;
		s->left -= renamed ? RENAME_COST : 0;
	}
	return 0;
}

/* ---- steps ---- */

static void
note_more(struct scan *s)
{
	s->b->bits |= BOX_MORE;
	if (s->how.build)
		s->b->bits |= BOX_BUILD;
	if (s->how.doubt)
		s->b->bits |= BOX_DOUBT;
	s->tx->pended = true; /* the store goes on by itself */
}

static void
note_all(struct ix_box *b)
{
	b->bits &= ~(uint32_t)(BOX_MORE | BOX_BUILD | BOX_DOUBT);
}

/* Who was killed may have raised it, and brought messages with UIDs up to it.
 */
static void
learn_ceiling(struct ix_box *b, const struct maildir *d)
{
	struct boxfile f;

	if ((b->bits & BOX_BROUGHT) != 0 &&
	    boxfile_read(d->fd, &f, NULL) == FOUND && f.ceiling > b->ceiling)
		b->ceiling = f.ceiling;
}

/* The directories as they are now count as looked at. */
static struct maildir_times
note_times(struct ix_box *b, const struct maildir *d)
{
	const struct maildir_times t = maildir_times(d);
	const int64_t now_ns = clock_wall_us() * 1000;

	learn_ceiling(b, d);
	b->cur_mtime_ns = t.cur_ns;
	b->new_mtime_ns = t.new_ns;
	if (now_ns - t.cur_ns > MAILDIR_TICK_NS &&
	    now_ns - t.new_ns > MAILDIR_TICK_NS)
		b->bits &= ~(uint32_t)BOX_UNSURE;
	else
		b->bits |= BOX_UNSURE;
	return t;
}

static int
work(struct scan *s, size_t changes_max, struct err *err)
{
	switch (s->phase) {
	case LOAD:
		return load(s, err);
	case READ:
		return read_some(s, err);
	case COMPARE:
		return compare_some(s, err);
	case APPLY:
		return apply_some(s, changes_max, err);
	case ADOPT:
		return adopt_some(s, err);
	case END:
		break;
	}
	return 0;
}

static void
use(struct scan *s, struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table)
{
	s->tx = tx;
	s->b = b;
	s->d = d;
	s->how.table = table;
	s->more.dirfd = d->fd;
}

/* 1: it is not at its end. */
static int
end_step(struct scan *s, struct maildir_times t, int rc, struct err *err)
{
	tx_times_end(t, s->d, s->b);
	if (rc == -1 || uidfile_write(&s->given, s->d->fd, err) == -1)
		return -1;
	if (s->phase != END) {
		note_more(s);
		return 1;
	}
	note_all(s->b);
	return 0;
}

int
scan_step(struct scan *s, struct tx *tx, struct ix_box *b,
    const struct maildir *d, struct keyword_table *table, struct err *err)
{
	const bool first = s->d == NULL;
	const struct maildir_times t =
	    first ? note_times(b, d) : maildir_times(d);
	int rc = 0;

	use(s, tx, b, d, table);
	if (s->how.later != NULL && s->loaded)
		rc = uidfile_follow(&s->given, d->fd, err);
	s->left = STEP_COST;
	while (rc == 0 && s->left > 0 && s->phase != END)
		rc = work(s, SIZE_MAX, err);
	return end_step(s, t, rc, err);
}

int
scan_known(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct err *err)
{
	struct scan *s = scan_new(b);
	const struct maildir_times t = note_times(b, d);
	int rc = 0;

	use(s, tx, b, d, table);
	s->left = INT64_MAX;
	while (rc == 0 && s->phase < APPLY)
		rc = work(s, 0, err);
	if (rc == 0)
		rc = work(s, CHANGES_MAX, err);
	s->left = STEP_COST;
	if (rc == 0 && s->phase == ADOPT)
		rc = work(s, 0, err);
	rc = end_step(s, t, rc, err);
	scan_free(&s);
	return rc == -1 ? -1 : 0;
}

/* 1: there are more than MAX files. */
static int
read_up_to(struct scan *s, size_t max, struct err *err)
{
	while (s->phase == READ && s->unknown.n <= max) {
		s->left = 1;
		if (read_some(s, err) == -1)
			return -1;
	}
	return s->unknown.n > max;
}

int
scan_new_box(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, struct takeover *from, int64_t *left,
    struct err *err)
{
	const struct maildir_times t = note_times(b, d);
	struct scan s;
	int rc;

	scan_init(&s, how);
	s.adopt_cost = NEW_COST;
	use(&s, tx, b, d, how->table);
	rc = load_given(&s, err);
	if (rc == 0 && (uidfile_some(&s.given, NEW_LINES) ||
			   takeover_some(from, NEW_LINES)))
		rc = 1;
	if (rc == 0)
		rc = read_up_to(&s, (size_t)*left / NEW_COST, err);
	s.left = *left + COMPARE_COST; /* what is empty is done at once */
	while (rc == 0 && s.phase != END && s.left > 0)
		rc = work(&s, SIZE_MAX, err);
	if (rc == 0)
		*left = s.left > 0 ? s.left : 0;
	rc = end_step(&s, t, rc, err);
	scan_fini(&s);
	return rc == -1 ? -1 : 0;
}
