/* SPDX-License-Identifier: ISC */
#include "store/kwtable.h"

#include "base/buf.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/walk.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/kwlog.h"
#include "maildir/letters.h"

enum { COMPACT_MIN = 64 << 10 };

int
kwtable_load(struct keyword_table *table, struct kv_txn *t,
    const struct ix_box *b, struct err *err)
{
	if (table->modseq != 0 && table->modseq == b->keywords)
		return 0;
	keywords_fini(table);
	if (ix_get_table(t, b->box, table, err) == -1)
		return -1;
	table->modseq = b->keywords;
	return 0;
}

void
kwtable_begin(const struct tx *tx, struct ix_box *b, const struct maildir *d)
{
	b->keywords = tx->meta.modseq;
	b->letters_mark = letters_mark(d->fd);
	b->more_bytes = (uint64_t)kwlog_size(d->fd);
}

int
kwtable_save(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct err *err)
{
	if (!table->dirty)
		return 0;
	if (table->letters_dirty) {
		if (letters_write(d->fd, table, err) == -1)
			return -1;
		b->letters_mark = letters_mark(d->fd);
	}
	if (ix_put_table(tx->t, b->box, table, err) == -1 ||
	    tx_log(tx, b, 0, LOG_BOX, err) == -1)
		return -1;
	b->keywords = b->modseq;
	table->dirty = table->letters_dirty = false;
	return 0;
}

/* What messages have.  A letter is also in use where a file's name has it
 * still. */
static int
collect_used(
    struct tx *tx, struct ix_box *b, struct keyword_set *used, struct err *err)
{
	struct keyword_set set;
	struct filename f;
	struct walk w;
	enum found found;

	*used = (struct keyword_set){ 0 };
	if (walk_open(&w, tx->t, b->box, 0, true, err) == -1)
		return -1;
	while ((found = walk_next(&w, err)) == FOUND) {
		used->w[0] |= w.hot.letters;
		if ((w.hot.bits & HOT_PENDING) != 0) {
			filename_parse(slice_str(w.msg.file), &f);
			used->w[0] |= f.letters;
		}
		if ((w.hot.bits & HOT_MORE) == 0)
			continue;
		if (ix_get_keywords(tx->t, b->box, w.uid, &w.hot, &set, err) !=
		    FOUND) {
			found = TEMPFAIL;
			break;
		}
		keyword_set_or(used, &set);
	}
	walk_close(&w);
	return found == TEMPFAIL ? -1 : 0;
}

static bool
same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b
				      : slice_ieq(slice_str(a), slice_str(b));
}

/* TABLE and DISK agree where no message speaks against it. */
static void
merge_letters(struct keyword_table *table, const struct keyword_table *disk,
    const struct keyword_set *used)
{
	for (unsigned n = 0; n < KEYWORD_LETTERS; n++) {
		const struct slice theirs = slice_str(keywords_name(disk, n));

		if (same_name(keywords_name(table, n), theirs.p))
			continue;
		if (keywords_name(table, n) != NULL && keyword_set_has(used, n))
			table->dirty = table->letters_dirty = true;
		else
			keywords_set(
			    table, n, theirs.p != NULL ? &theirs : NULL);
	}
}

int
kwtable_sync(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct err *err)
{
	const uint64_t mark = letters_mark(d->fd);
	struct keyword_table disk = { 0 };
	struct keyword_set used;
	int rc;

	if (mark == b->letters_mark)
		return 0;
	rc = letters_read(d->fd, &disk, err);
	if (rc == 0)
		rc = collect_used(tx, b, &used, err);
	if (rc == 0) {
		merge_letters(table, &disk, &used);
		b->letters_mark = mark;
		rc = kwtable_save(tx, b, d, table, err);
	}
	keywords_fini(&disk);
	return rc;
}

/* No file was renamed that the index does not know of. */
static bool
dirs_unchanged(const struct ix_box *b, const struct maildir *d)
{
	const struct maildir_times t = maildir_times(d);

	return t.cur_ns == b->cur_mtime_ns && t.new_ns == b->new_mtime_ns;
}

int
kwtable_free(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, const struct keyword_set *known,
    struct err *err)
{
	const unsigned first = dirs_unchanged(b, d) ? 0 : KEYWORD_LETTERS;
	struct keyword_set used, all;

	if (kwtable_sync(tx, b, d, table, err) == -1)
		return -1;
	/* Messages that are still to be taken in have theirs. */
	if ((b->bits & BOX_MORE) != 0)
		return 0;
	if (known != NULL)
		used = *known;
	else if (collect_used(tx, b, &used, err) == -1)
		return -1;
	keywords_all(table, &all);
	keyword_set_del(&all, &used);
	for (unsigned n = first; (n = keyword_set_next(&all, n)) < KEYWORDS_MAX;
	     n++)
		keywords_set(table, n, NULL);
	if (!keyword_set_more(&used) && kwlog_size(d->fd) > 0) {
		if (kwlog_replace(d->fd, SLICE(""), err) == -1)
			return -1;
		b->more_bytes = 0;
	}
	return kwtable_save(tx, b, d, table, err);
}

/* How many of NAMES are new? */
static unsigned
count_new(const struct keyword_table *table, struct slice names)
{
	struct slice name;
	unsigned n = 0;

	while (keywords_next(&names, &name))
		n += keywords_find(table, name) == -1;
	return n;
}

static int
make_room(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct slice names, struct err *err)
{
	const struct keyword_set letters = { { keywords_letters(table) } };
	const unsigned missing = count_new(table, names);

	if (missing == 0 ||
	    missing + keyword_set_count(&letters) <= KEYWORD_LETTERS)
		return 0;
	return kwtable_free(tx, b, d, table, NULL, err);
}

int
kwtable_resolve(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct slice names, bool add,
    struct keyword_set *set, struct err *err)
{
	struct slice rest = names, name;

	*set = (struct keyword_set){ 0 };
	if (add && names.n > 0 &&
	    (kwtable_sync(tx, b, d, table, err) == -1 ||
		make_room(tx, b, d, table, names, err) == -1))
		return -1;
	while (keywords_next(&rest, &name)) {
		const int n = add ? keywords_add(table, name, 0)
				  : keywords_find(table, name);

		if (n >= 0)
			keyword_set_add(set, (unsigned)n);
		else if (add)
			return err_set_code(err, ERR_PERM, ERR_LIMIT,
			    "too many keywords in the mailbox");
	}
	return kwtable_save(tx, b, d, table, err);
}

int
kwtable_map(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, const struct keyword_table *from,
    const struct keyword_set *used, uint16_t *numbers, struct err *err)
{
	struct keyword_set set;
	struct buf names;
	int rc;

	buf_init(&names, KEYWORDS_MAX * (KEYWORD_SIZE_MAX + 1));
	for (unsigned n = 0; (n = keyword_set_next(used, n)) < KEYWORDS_MAX;
	     n++)
		if (keywords_name(from, n) != NULL)
			buf_addf(&names, "%s ", keywords_name(from, n));
	rc = kwtable_resolve(
	    tx, b, d, table, buf_slice(&names), true, &set, err);
	buf_fini(&names);
	for (unsigned n = 0; n < KEYWORDS_MAX && rc == 0; n++) {
		const char *name = keywords_name(from, n);
		const int to =
		    name != NULL ? keywords_find(table, slice_str(name)) : -1;

		numbers[n] = (uint16_t)(to >= 0 ? to : KEYWORDS_MAX);
	}
	return rc;
}

/* The lines of all messages that have one. */
static int
collect_lines(struct tx *tx, const struct ix_box *b,
    const struct keyword_table *table, struct buf *lines, struct err *err)
{
	struct keyword_set set;
	struct walk w;
	enum found f;

	if (walk_open(&w, tx->t, b->box, 0, true, err) == -1)
		return -1;
	while ((f = walk_next(&w, err)) == FOUND) {
		if ((w.hot.bits & HOT_MORE) == 0)
			continue;
		f = ix_get_keywords(tx->t, b->box, w.uid, &w.hot, &set, err);
		if (f != FOUND)
			break;
		kwlog_line(lines, w.msg.file, table, &set);
	}
	walk_close(&w);
	return f == TEMPFAIL ? -1 : 0;
}

int
kwtable_compact(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct keyword_table *table, struct err *err)
{
	const uint64_t size = (uint64_t)kwlog_size(d->fd);
	struct buf lines;
	int rc;

	if ((b->bits & BOX_MORE) != 0 ||
	    size <= 2 * b->more_bytes + COMPACT_MIN)
		return 0;
	buf_init(&lines, KWFILE_MAX);
	rc = collect_lines(tx, b, table, &lines, err);
	/* What does not fit is left as it is. */
	if (rc == 0 && !lines.failed)
		rc = kwlog_replace(d->fd, buf_slice(&lines), err);
	if (rc == 0)
		b->more_bytes = (uint64_t)kwlog_size(d->fd);
	buf_fini(&lines);
	return rc;
}
