/* SPDX-License-Identifier: ISC */
/*
 * One run of the string after the other: the words of the index that come near
 * it, then the documents of each.  A byte for each document holds how near the
 * best of them is.
 */
#include "fulltext/fuzzy.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fulltext/fulltext.h"
#include "fulltext/inner.h"
#include "fulltext/near.h"
#include "fulltext/query.h"
#include "fulltext/terms.h"

enum {
	LEVELS = 5,
	WORDS_MAX = 64, /* of a run, at one level */
	WORDS_BYTES_MAX = WORDS_MAX * (TERMS_WORD_MAX + 1),
	ROWS_A_STEP = 8, /* of words */
	TERMS_A_STEP = 16,
	DOCS_A_STEP = 4096, /* as DB_MATCH_AFTER has it */
	BODY_PERCENT = 90,
	LOG_ONE = 256, /* of weights */
};

static const unsigned levels[LEVELS] = { NEAR_SAME, NEAR_START, NEAR_STEM,
	NEAR_ERROR, NEAR_ERROR_START };

enum stage { START, SCAN_WORDS, LOOK_UP, DONE };

struct run {
	struct slice text; /* of needle */
	bool pairs;        /* words[0] has all, and each counts */
	bool prefix;       /* words[0] has the start of a pair */
	size_t nwords[LEVELS];
	struct buf words[LEVELS]; /* "word\n" */
};

struct fuzzy_query {
	char *needle;
	unsigned scope;
	struct run v[NEAR_RUNS_MAX];
	size_t n;
	enum stage stage;
	int64_t last; /* row of words that was looked at */

	/* of documents, by their numbers; score alone stays */
	size_t ndocs;
	uint8_t *part, *best, *score;
	uint8_t *has; /* runs */
	uint32_t *sum;
	uint64_t whole; /* what sum would be of a perfect one */

	/* what is looked up */
	size_t run, level, word;
	char where; /* 'h' or 'b' */
	int64_t doc;
};

static void
put_word(struct run *r, size_t level, struct slice word)
{
	if (r->nwords[level] == WORDS_MAX)
		return;
	r->nwords[level]++;
	buf_add(&r->words[level], word);
	buf_addc(&r->words[level], '\n');
}

/* The pairs of R, each once is enough for none is far from the other. */
static void
put_pairs(struct run *r)
{
	struct slice rest = r->text;
	size_t n = terms_char(rest);

	r->pairs = true;
	r->prefix = n == rest.n;
	if (r->prefix)
		put_word(r, 0, rest);
	while (n < rest.n) {
		const size_t next = terms_char(slice_from(rest, n));

		put_word(r, 0, slice_sub(rest, 0, n + next));
		rest = slice_from(rest, n);
		n = next;
	}
}

struct fuzzy_query *
fuzzy_new(struct slice needle, unsigned scope)
{
	struct fuzzy_query *q = xcalloc(1, sizeof *q);
	struct terms_run runs[NEAR_RUNS_MAX];

	q->needle = xmalloc(needle.n + 1);
	memcpy(q->needle, needle.p != NULL ? needle.p : "", needle.n);
	q->scope = scope;
	q->n = near_runs(slice_of(q->needle, needle.n), runs);
	for (size_t i = 0; i < q->n; i++) {
		struct run *r = &q->v[i];

		r->text = runs[i].text;
		for (size_t k = 0; k < LEVELS; k++)
			buf_init(&r->words[k], WORDS_BYTES_MAX);
		if (runs[i].pair)
			put_pairs(r);
	}
	if (q->n == 0)
		fuzzy_free(&q);
	return q;
}

static void
free_work(struct fuzzy_query *q)
{
	for (size_t i = 0; i < q->n; i++)
		for (size_t k = 0; k < LEVELS; k++)
			buf_fini(&q->v[i].words[k]);
	xfree(&q->part);
	xfree(&q->best);
	xfree(&q->has);
	xfree(&q->sum);
}

void
fuzzy_free(struct fuzzy_query **qp)
{
	struct fuzzy_query *q = *qp;

	if (q == NULL)
		return;
	free_work(q);
	xfree(&q->score);
	xfree(&q->needle);
	xfree(qp);
}

static int
start(struct fuzzy_query *q, struct fulltext *f, struct err *err)
{
	struct fulltext_counts counts;

	if (fulltext_counts(f, &counts, err) == -1)
		return -1;
	q->ndocs = (size_t)counts.docs + 1;
	q->part = xcalloc(q->ndocs, 1);
	q->best = xcalloc(q->ndocs, 1);
	q->has = xcalloc(q->ndocs, 1);
	q->score = xcalloc(q->ndocs, 1);
	q->sum = xcalloc(q->ndocs, sizeof *q->sum);
	q->where = (q->scope & QUERY_HEADER) != 0 ? 'h' : 'b';
	q->stage = LOOK_UP;
	for (size_t i = 0; i < q->n; i++)
		if (!q->v[i].pairs)
			q->stage = SCAN_WORDS;
	return 0;
}

static void
take_word(struct fuzzy_query *q, struct slice word)
{
	for (size_t i = 0; i < q->n; i++) {
		struct run *r = &q->v[i];
		const unsigned near = r->pairs ? 0 : near_word(r->text, word);

		for (size_t k = 0; near > 0 && k < LEVELS; k++)
			if (levels[k] == near)
				put_word(r, k, word);
	}
}

/* Of ROW ("\nword\n..."). */
static void
take_words(struct fuzzy_query *q, struct slice row)
{
	while (row.n > 0) {
		const size_t n = slice_find(row, '\n');

		if (n > 0)
			take_word(q, slice_sub(row, 0, n));
		row = slice_from(row, n < row.n ? n + 1 : n);
	}
}

static int
scan_words(struct fuzzy_query *q, struct fulltext *f, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_WORDS, err);
	enum found found = FOUND;

	if (st == NULL)
		return -1;
	db_bind(st, 1, q->last);
	for (int i = 0; i < ROWS_A_STEP && found == FOUND; i++) {
		found = db_step(&f->db, st, err);
		if (found != FOUND)
			break;
		q->last = db_number(st, 0);
		take_words(q, db_column(st, 1));
	}
	db_reset(st);
	if (found == ABSENT)
		q->stage = LOOK_UP;
	return found == TEMPFAIL ? -1 : 0;
}

/* DOC has the word that is looked up. */
static void
take_doc(struct fuzzy_query *q, uint64_t doc)
{
	const struct run *r = &q->v[q->run];

	/* It came later. */
	if (doc >= q->ndocs)
		return;
	if (r->pairs)
		q->part[doc]++;
	else if (q->part[doc] == 0)
		q->part[doc] = (uint8_t)levels[q->level];
}

/* Some of the documents of WORD; *N counts them, *END: these were all. */
static int
look_up(struct fuzzy_query *q, struct fulltext *f, struct slice word, int *n,
    bool *end, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_MATCH_AFTER, err);
	enum found found;
	int got = 0;

	if (st == NULL)
		return -1;
	buf_reset(&f->text);
	buf_addc(&f->text, '"');
	buf_addc(&f->text, q->where);
	buf_add(&f->text, word);
	buf_adds(&f->text, q->v[q->run].prefix ? "\" *" : "\"");
	db_bind_text(st, 1, buf_slice(&f->text));
	db_bind(st, 2, q->doc);
	while ((found = db_step(&f->db, st, err)) == FOUND) {
		q->doc = db_number(st, 0);
		take_doc(q, (uint64_t)q->doc);
		got++;
	}
	*n += got;
	*end = got < DOCS_A_STEP;
	return found == TEMPFAIL ? -1 : 0;
}

/* Of the run at hand, what was found in one place. */
static void
end_place(struct fuzzy_query *q)
{
	const struct run *r = &q->v[q->run];
	const unsigned percent =
	    q->where == 'b' && q->scope == QUERY_ALL ? BODY_PERCENT : 100;

	for (size_t i = 0; i < q->ndocs; i++) {
		unsigned near = q->part[i];

		if (near == 0)
			continue;
		if (r->pairs)
			near = near_pairs(r->nwords[0], near);
		near = near * percent / 100;
		if (near > q->best[i])
			q->best[i] = (uint8_t)near;
	}
	memset(q->part, 0, q->ndocs);
}

/* The logarithm to 2 of OF/TO, which is more than one. */
static unsigned
log_of(uint64_t of, uint64_t to)
{
	const uint64_t x = of * LOG_ONE / to;
	unsigned log = 0;

	while (x >> log >= (uint64_t)2 * LOG_ONE)
		log++;
	/* A line from one power to the next. */
	return log * LOG_ONE + (unsigned)(x >> log) - LOG_ONE;
}

static void
end_run(struct fuzzy_query *q)
{
	uint64_t docs = 0;
	unsigned weight;

	for (size_t i = 0; i < q->ndocs; i++)
		docs += q->best[i] > 0;
	weight = log_of(2 * q->ndocs + 2, 2 * docs + 1) + 1;
	q->whole += weight;
	for (size_t i = 0; i < q->ndocs; i++)
		if (q->best[i] > 0) {
			q->has[i]++;
			q->sum[i] += q->best[i] * weight;
		}
	memset(q->best, 0, q->ndocs);
}

static void
end_query(struct fuzzy_query *q)
{
	for (size_t i = 0; i < q->ndocs; i++) {
		const uint64_t score = q->sum[i] / q->whole;

		if (q->has[i] >= near_enough(q->n))
			q->score[i] = (uint8_t)(score > 0 ? score : 1);
	}
	free_work(q);
	q->stage = DONE;
}

/* The level is over: the next one, the other place, the next run. */
static void
next_level(struct fuzzy_query *q)
{
	q->word = 0;
	if (++q->level < LEVELS)
		return;
	q->level = 0;
	end_place(q);
	if (q->where == 'h' && (q->scope & QUERY_BODY) != 0) {
		q->where = 'b';
		return;
	}
	q->where = (q->scope & QUERY_HEADER) != 0 ? 'h' : 'b';
	end_run(q);
	if (++q->run == q->n)
		end_query(q);
}

static int
look_up_words(struct fuzzy_query *q, struct fulltext *f, struct err *err)
{
	int docs = 0;

	for (int i = 0; i < TERMS_A_STEP && docs < DOCS_A_STEP; i++) {
		const struct buf *words = &q->v[q->run].words[q->level];
		struct slice word;
		bool end;

		if (q->word >= words->n) {
			next_level(q);
			if (q->stage == DONE)
				return 0;
			continue;
		}
		word = slice_from(buf_slice(words), q->word);
		word = slice_sub(word, 0, slice_find(word, '\n'));
		if (look_up(q, f, word, &docs, &end, err) == -1)
			return -1;
		if (end) {
			q->word += word.n + 1;
			q->doc = 0;
		}
	}
	return 0;
}

int
fuzzy_step(
    struct fuzzy_query *q, struct fulltext *f, bool *more, struct err *err)
{
	int rc = 0;

	switch (q->stage) {
	case START:
		rc = start(q, f, err);
		break;
	case SCAN_WORDS:
		rc = scan_words(q, f, err);
		break;
	case LOOK_UP:
		rc = look_up_words(q, f, err);
		break;
	case DONE:
		break;
	}
	*more = q->stage != DONE;
	return rc;
}

unsigned
fuzzy_score(const struct fuzzy_query *q, uint64_t doc)
{
	return doc < q->ndocs && q->score != NULL ? q->score[doc] : 0;
}
