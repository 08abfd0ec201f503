/* SPDX-License-Identifier: ISC */
#include "fulltext/fulltext.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/mem.h"
#include "fulltext/inner.h"
#include "fulltext/rest.h"
#include "fulltext/terms.h"
#include "sys/fd.h"

enum {
	TEXT_MAX = 16 << 20,
	ROW = 16 << 10,        /* bytes of words or rests in a row, about */
	KNOWN_SLOTS = 1 << 18, /* of which half are used */
	MERGE_PAGES = 16,
	KNOW_A_STEP = 64,  /* words */
	STALE_DOCS = 1000, /* fewer are not worth it */
};

enum found
fulltext_open(
    int dirfd, bool make, struct fulltext **f, bool *damaged, struct err *err)
{
	struct fulltext *new = xcalloc(1, sizeof *new);
	enum found found;

	*damaged = false;
	buf_init(&new->words, TEXT_MAX);
	buf_init(&new->rest, TEXT_MAX);
	buf_init(&new->text, TEXT_MAX);
	new->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (new->dirfd == -1) {
		err_sys(err, ERR_TEMP, "full-text index");
		found = TEMPFAIL;
	} else {
		found = db_open(&new->db, new->dirfd, make, err);
	}
	*f = new;
	if (found == FOUND)
		return FOUND;
	*damaged = new->db.damaged;
	fulltext_close(f);
	return found;
}

void
fulltext_close(struct fulltext **fp)
{
	struct fulltext *f = *fp;

	if (f == NULL)
		return;
	fulltext_rollback(f);
	db_close(&f->db);
	/* Not what has come in its place. */
	if (f->db.damaged && (f->db.ino == 0 || db_is_there(&f->db)))
		db_remove(f->dirfd);
	fd_close(&f->dirfd);
	buf_fini(&f->words);
	buf_fini(&f->rest);
	buf_fini(&f->text);
	xfree(&f->known);
	xfree(fp);
}

int64_t
fulltext_bytes(int dirfd)
{
	struct stat st;

	if (fstatat(dirfd, DB_NAME, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return st.st_size;
}

void
fulltext_remove(int dirfd)
{
	db_remove(dirfd);
}

bool
fulltext_is_lost(const struct fulltext *f)
{
	return f->db.damaged || !db_is_there(&f->db);
}

bool
fulltext_is_damaged(const struct fulltext *f)
{
	return f->db.damaged;
}

int
fulltext_begin(struct fulltext *f, struct err *err)
{
	if (f->db.writing)
		return 0;
	if (db_run(&f->db, DB_BEGIN, err) == -1)
		return -1;
	f->db.writing = true;
	return 0;
}

bool
fulltext_is_writing(const struct fulltext *f)
{
	return f->db.writing;
}

/* BYTES behind what is in the last row, or into a new one: LAST asks for it,
 * ADD and MORE do it. */
static int
add_to_row(struct fulltext *f, enum db_sql last, enum db_sql add,
    enum db_sql more, struct buf *bytes, struct err *err)
{
	struct sqlite3_stmt *st;
	enum found found;
	int64_t id = 0;

	if (bytes->n == 0)
		return 0;
	st = db_statement(&f->db, last, err);
	if (st == NULL)
		return -1;
	found = db_step(&f->db, st, err);
	if (found == FOUND && db_number(st, 1) < ROW)
		id = db_number(st, 0);
	db_reset(st);
	if (found == TEMPFAIL)
		return -1;
	st = db_statement(&f->db, id > 0 ? more : add, err);
	if (st == NULL)
		return -1;
	if (id > 0)
		db_bind(st, 1, id);
	db_bind_slice(st, id > 0 ? 2 : 1, buf_slice(bytes));
	found = db_step(&f->db, st, err);
	buf_reset(bytes);
	return found == TEMPFAIL ? -1 : 0;
}

static int
add_words(struct fulltext *f, struct err *err)
{
	if (f->words.n > 0)
		buf_addc(&f->words, '\n');
	return add_to_row(
	    f, DB_LAST_WORDS, DB_ADD_WORDS, DB_MORE_WORDS, &f->words, err);
}

static int
add_rests(struct fulltext *f, struct err *err)
{
	return add_to_row(
	    f, DB_LAST_REST, DB_ADD_REST, DB_MORE_REST, &f->rest, err);
}

int
fulltext_commit(struct fulltext *f, struct err *err)
{
	struct err why = { 0 };

	if (!f->db.writing)
		return 0;
	if (add_words(f, &why) == 0 && add_rests(f, &why) == 0 &&
	    db_run(&f->db, DB_COMMIT, &why) == 0) {
		f->db.writing = false;
		return 0;
	}
	if (why.code != ERR_BUSY)
		fulltext_rollback(f);
	if (err != NULL)
		*err = why;
	return -1;
}

void
fulltext_rollback(struct fulltext *f)
{
	if (f->db.writing)
		(void)db_run(&f->db, DB_ROLLBACK, NULL);
	f->db.writing = false;
	buf_reset(&f->words);
	buf_reset(&f->rest);
	/* They may be known from what was taken back. */
	xfree(&f->known);
	f->nknown = 0;
}

enum found
fulltext_find(struct fulltext *f, uint64_t email_id, int64_t size,
    uint64_t *doc, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_FIND_DOC, err);
	enum found found;

	if (st == NULL)
		return TEMPFAIL;
	db_bind(st, 1, (int64_t)email_id);
	db_bind(st, 2, size);
	found = db_step(&f->db, st, err);
	if (found == FOUND)
		*doc = (uint64_t)db_number(st, 0);
	db_reset(st);
	return found;
}

/* Is there a row where TERM, of KIND, is? */
static enum found
has_term(struct fulltext *f, struct slice term, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_HAS_TERM, err);
	enum found found;

	if (st == NULL)
		return TEMPFAIL;
	buf_reset(&f->text);
	buf_adds(&f->text, "\"h");
	buf_add(&f->text, term);
	buf_adds(&f->text, "\" OR \"b");
	buf_add(&f->text, term);
	buf_addc(&f->text, '"');
	db_bind_text(st, 1, buf_slice(&f->text));
	found = db_step(&f->db, st, err);
	db_reset(st);
	return found;
}

/* The place of HASH among those known, or where it would be. */
static uint64_t *
known_at(struct fulltext *f, uint64_t hash)
{
	size_t i = (size_t)hash & (KNOWN_SLOTS - 1);

	if (f->known == NULL || f->nknown >= KNOWN_SLOTS / 2) {
		xfree(&f->known);
		f->known = xcalloc(KNOWN_SLOTS, sizeof *f->known);
		f->nknown = 0;
	}
	while (f->known[i] != 0 && f->known[i] != hash)
		i = (i + 1) & (KNOWN_SLOTS - 1);
	return &f->known[i];
}

/* WORD is among those that are kept, or will be. */
static int
know_word(struct fulltext *f, struct slice word, struct err *err)
{
	const uint64_t hash = map_hash(word) | 1;
	uint64_t *at = known_at(f, hash);
	enum found found;

	if (*at == hash)
		return 0;
	found = has_term(f, word, err);
	if (found == TEMPFAIL)
		return -1;
	if (found == ABSENT) {
		buf_addc(&f->words, '\n');
		buf_add(&f->words, word);
		if (f->words.failed)
			return err_set(err, ERR_TEMP, "too many new words");
	}
	*at = hash;
	f->nknown++;
	return 0;
}

int
fulltext_know(struct fulltext *f, const struct terms *t, size_t *from,
    bool *more, struct err *err)
{
	const size_t left = t->n - *from;
	const size_t end = *from + (left < KNOW_A_STEP ? left : KNOW_A_STEP);

	*more = end < t->n && !t->too_many;
	if (t->too_many)
		return 0;
	for (; *from < end; ++*from)
		if ((t->v[*from].flags & TERM_PAIR) == 0 &&
		    know_word(f, terms_text(t, &t->v[*from]), err) == -1)
			return -1;
	return 0;
}

static void
put_term(struct buf *to, char where, struct slice term)
{
	buf_addc(to, where);
	buf_add(to, term);
	buf_addc(to, '\n');
}

static int
add_terms(
    struct fulltext *f, uint64_t doc, const struct terms *t, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_ADD_TERMS, err);

	if (st == NULL)
		return -1;
	buf_reset(&f->text);
	for (size_t i = 0; i < t->n; i++) {
		const struct slice term = terms_text(t, &t->v[i]);

		if ((t->v[i].flags & TERM_IN_HEADER) != 0)
			put_term(&f->text, 'h', term);
		if ((t->v[i].flags & TERM_IN_BODY) != 0)
			put_term(&f->text, 'b', term);
	}
	if (f->text.failed)
		return err_set(err, ERR_TEMP, "too many terms");
	db_bind(st, 1, (int64_t)doc);
	db_bind_text(st, 2, buf_slice(&f->text));
	return db_step(&f->db, st, err) == TEMPFAIL ? -1 : 0;
}

static int
add_rest(
    struct fulltext *f, uint64_t doc, const struct terms *t, struct err *err)
{
	const struct rest r = { .doc = doc,
		.header = buf_slice(&t->rest[TERMS_HEADER]),
		.body = buf_slice(&t->rest[TERMS_BODY]) };

	if (r.header.n + r.body.n > 0)
		rest_put(&f->rest, &r);
	if (f->rest.failed)
		return err_set(err, ERR_TEMP, "too long rests");
	return f->rest.n < ROW ? 0 : add_rests(f, err);
}

static int
next_doc(struct fulltext *f, uint64_t *doc, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_LAST_DOC, err);
	enum found found;

	if (st == NULL)
		return -1;
	found = db_step(&f->db, st, err);
	if (found == FOUND)
		*doc = (uint64_t)db_number(st, 0);
	/* It has to come to its end. */
	if (found == FOUND)
		found = db_step(&f->db, st, err);
	return found == TEMPFAIL ? -1 : 0;
}

static int
add_doc(struct fulltext *f, uint64_t email_id, int64_t size, uint64_t doc,
    struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_ADD_DOC, err);

	if (st == NULL)
		return -1;
	db_bind(st, 1, (int64_t)email_id);
	db_bind(st, 2, size);
	db_bind(st, 3, (int64_t)doc);
	return db_step(&f->db, st, err) == TEMPFAIL ? -1 : 0;
}

int
fulltext_add(struct fulltext *f, uint64_t email_id, int64_t size,
    const struct terms *t, uint64_t *doc, struct err *err)
{
	*doc = 0;
	if (t->too_many)
		return add_doc(f, email_id, size, 0, err);
	if (next_doc(f, doc, err) == 0 && add_terms(f, *doc, t, err) == 0 &&
	    add_rest(f, *doc, t, err) == 0)
		return add_doc(f, email_id, size, *doc, err);
	return -1;
}

int
fulltext_merge(struct fulltext *f, bool *more, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_MERGE, err);
	const int64_t before = db_changes(&f->db);

	if (st == NULL)
		return -1;
	db_bind(st, 1, MERGE_PAGES);
	if (db_step(&f->db, st, err) == TEMPFAIL)
		return -1;
	/* One is that of the statement itself. */
	*more = db_changes(&f->db) - before >= 2;
	return 0;
}

int
fulltext_seen(struct fulltext *f, uint64_t *modseq, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_SEEN, err);

	if (st == NULL || db_step(&f->db, st, err) != FOUND)
		return -1;
	*modseq = (uint64_t)db_number(st, 0);
	db_reset(st);
	return 0;
}

int
fulltext_set_seen(struct fulltext *f, uint64_t modseq, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_SET_SEEN, err);

	if (st == NULL)
		return -1;
	db_bind(st, 1, (int64_t)modseq);
	return db_step(&f->db, st, err) == TEMPFAIL ? -1 : 0;
}

int
fulltext_counts(struct fulltext *f, struct fulltext_counts *c, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_COUNTS, err);

	if (st == NULL || db_step(&f->db, st, err) != FOUND)
		return -1;
	c->docs = (uint64_t)db_number(st, 0);
	c->places = (uint64_t)db_number(st, 1);
	db_reset(st);
	return 0;
}

bool
fulltext_is_stale(const struct fulltext_counts *c)
{
	return c->docs > STALE_DOCS && c->places < c->docs / 2;
}
