/* SPDX-License-Identifier: ISC */
/*
 * A string is in a document only if each of its runs is: a whole word as a
 * term, the first and the last as the end, the start or a part of one, for
 * which the list of all words is looked through; characters written without
 * spaces by two and two.  Each is a condition, and has a set of documents; what
 * may be in a rest is looked for there.  The cheap ones come first, and when
 * few documents are left the others are not worth it.
 */
#include "fulltext/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/needle.h"
#include "fulltext/docset.h"
#include "fulltext/inner.h"
#include "fulltext/rest.h"
#include "fulltext/terms.h"

enum {
	CONDITIONS_MAX = 64,
	WORDS_MAX = 20000, /* that one string may stand in */
	WORDS_BYTES_MAX = WORDS_MAX * (TERMS_WORD_MAX + 1),
	FEW = 20,         /* documents that are read at once */
	ROWS_A_STEP = 32, /* of words or rests */
	TERMS_A_STEP = 16,
};

enum kind { TERM, PREFIX, WORDS };
enum stage { LOOK_UP, SCAN_WORDS, LOOK_UP_WORDS, SCAN_REST, DONE };

struct condition {
	enum kind kind;
	struct slice text;  /* TERM, PREFIX; of needle */
	struct buf pattern; /* what stands in words and rests */
	bool in_terms;      /* else in rests alone */
	bool in_rest;
};

struct term_query {
	char *needle;
	unsigned scope;
	struct condition v[CONDITIONS_MAX];
	size_t n, at; /* conditions; the one under way */
	bool exact;
	bool long_pairs; /* more than two of them */
	bool useful;     /* so far */
	bool any;        /* docs are of a condition at least */
	struct docset docs;

	/* the condition under way */
	enum stage stage;
	struct docset found;
	struct buf words; /* "word\n" of each that has the pattern */
	size_t nwords, word;
	size_t rare;  /* of the pattern (base/needle.h) */
	int64_t last; /* row that was looked at */
};

static void
add(struct term_query *q, enum kind kind, struct slice text)
{
	struct condition *c = &q->v[q->n];

	/* One less leaves more documents, not fewer. */
	if (q->n == CONDITIONS_MAX)
		return;
	for (size_t i = 0; i < q->n; i++)
		if (q->v[i].kind == kind && kind != WORDS &&
		    slice_eq(q->v[i].text, text))
			return;
	*c = (struct condition){ .kind = kind, .text = text, .in_terms = true };
	buf_init(&c->pattern, text.n + 2);
	q->n++;
}

/* A run of words; OPEN: what is beside it in the text may belong to it. */
static void
add_word(struct term_query *q, const struct terms_run *r)
{
	const bool whole = !r->first && !r->last;
	struct condition *c = &q->v[q->n];

	if (q->n == CONDITIONS_MAX)
		return;
	if (whole && !terms_is_rest(r->text)) {
		add(q, TERM, r->text);
		return;
	}
	add(q, WORDS, r->text);
	c->in_terms = !whole && r->text.n <= TERMS_WORD_MAX;
	c->in_rest = true;
	if (!r->first)
		buf_addc(&c->pattern, '\n');
	buf_add(&c->pattern, r->text);
	if (!r->last)
		buf_addc(&c->pattern, '\n');
}

static void
add_pairs(struct term_query *q, const struct terms_run *r)
{
	struct slice rest = r->text;
	size_t n = terms_char(rest);

	if (n == rest.n && r->last) {
		add(q, PREFIX, rest);
		return;
	}
	for (;;) {
		const struct slice from = rest;
		size_t next;

		rest = slice_from(rest, n);
		if (rest.n == 0) {
			/* It ends here in the text as well. */
			if (!r->last)
				add(q, TERM, from);
			return;
		}
		next = terms_char(rest);
		add(q, TERM, slice_sub(from, 0, n + next));
		q->long_pairs |= n + next < rest.n + n;
		n = next;
	}
}

static int
by_cost(const void *a, const void *b)
{
	const struct condition *x = a, *y = b;

	return x->kind != y->kind
		   ? (x->kind > y->kind ? 1 : -1)
		   : (x->text.n < y->text.n) - (x->text.n > y->text.n);
}

struct term_query *
query_new(struct slice needle, unsigned scope)
{
	struct term_query *q = xcalloc(1, sizeof *q);
	struct terms_run run = { 0 };
	struct slice whole, rest;

	q->needle = xmalloc(needle.n + 1);
	memcpy(q->needle, needle.p != NULL ? needle.p : "", needle.n);
	q->scope = scope;
	q->useful = true;
	whole = rest = slice_of(q->needle, needle.n);
	buf_init(&q->words, WORDS_BYTES_MAX);
	while (terms_next_run(whole, &rest, &run)) {
		if (run.pair)
			add_pairs(q, &run);
		else
			add_word(q, &run);
	}
	q->exact = q->n == 1 && run.text.n == needle.n && !q->long_pairs;
	if (q->n == 0)
		query_free(&q);
	else
		qsort(q->v, q->n, sizeof q->v[0], by_cost);
	return q;
}

void
query_free(struct term_query **qp)
{
	struct term_query *q = *qp;

	if (q == NULL)
		return;
	for (size_t i = 0; i < q->n; i++)
		buf_fini(&q->v[i].pattern);
	docset_fini(&q->docs);
	docset_fini(&q->found);
	buf_fini(&q->words);
	xfree(&q->needle);
	xfree(qp);
}

/* The documents of a term or, PREFIX, of all that begin so. */
static int
match(struct term_query *q, struct fulltext *f, char where, struct slice term,
    bool prefix, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_MATCH, err);
	enum found found;

	if (st == NULL)
		return -1;
	buf_reset(&f->text);
	buf_addc(&f->text, '"');
	buf_addc(&f->text, where);
	buf_add(&f->text, term);
	buf_adds(&f->text, prefix ? "\" *" : "\"");
	db_bind_text(st, 1, buf_slice(&f->text));
	while ((found = db_step(&f->db, st, err)) == FOUND)
		docset_add(&q->found, (uint64_t)db_number(st, 0));
	return found == TEMPFAIL ? -1 : 0;
}

static int
match_scope(struct term_query *q, struct fulltext *f, struct slice term,
    bool prefix, struct err *err)
{
	if ((q->scope & QUERY_HEADER) != 0 &&
	    match(q, f, 'h', term, prefix, err) == -1)
		return -1;
	if ((q->scope & QUERY_BODY) != 0 &&
	    match(q, f, 'b', term, prefix, err) == -1)
		return -1;
	return 0;
}

/* Of the condition at hand all is found. */
static void
end_condition(struct term_query *q)
{
	if (!q->any) {
		docset_fini(&q->docs);
		q->docs = q->found;
		q->found = (struct docset){ NULL, 0 };
	} else {
		docset_and(&q->docs, &q->found);
	}
	q->any = true;
	docset_fini(&q->found);
	buf_reset(&q->words);
	q->at++;
}

static void
begin_condition(struct term_query *q)
{
	const struct condition *c = &q->v[q->at];

	if (q->at == q->n ||
	    (q->any && c->kind == WORDS && docset_count(&q->docs) <= FEW)) {
		q->stage = DONE;
		return;
	}
	q->nwords = q->word = 0;
	q->last = 0;
	q->rare = needle_rare(buf_slice(&c->pattern));
	if (c->kind != WORDS)
		q->stage = LOOK_UP;
	else
		q->stage = c->in_terms ? SCAN_WORDS : SCAN_REST;
}

/* The condition at hand leaves too much. */
static void
drop_condition(struct term_query *q)
{
	docset_fini(&q->found);
	buf_reset(&q->words);
	q->useful = q->any || q->at + 1 < q->n;
	q->exact = false;
	q->at++;
	begin_condition(q);
}

/* All words of ROW ("\nword\n...") that have the pattern. */
static void
take_words(struct term_query *q, struct slice row)
{
	const struct slice p = buf_slice(&q->v[q->at].pattern);
	size_t at = 0;

	while (at < row.n) {
		const struct slice from = slice_from(row, at);
		const size_t hit = needle_find(from, p, q->rare);
		size_t start = at + hit, end;

		if (hit == from.n)
			return;
		start += p.p[0] == '\n';
		end = start;
		while (start > 0 && row.p[start - 1] != '\n')
			start--;
		end += slice_find(slice_from(row, end), '\n');
		buf_add(&q->words, slice_sub(row, start, end - start));
		buf_addc(&q->words, '\n');
		q->nwords++;
		/* The line end may be the next one's. */
		at = end;
	}
}

static int
scan_words(struct term_query *q, struct fulltext *f, struct err *err)
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
	if (found == TEMPFAIL)
		return -1;
	if (q->nwords > WORDS_MAX || q->words.failed)
		drop_condition(q);
	else if (found == ABSENT)
		q->stage = LOOK_UP_WORDS;
	return 0;
}

static int
look_up_words(struct term_query *q, struct fulltext *f, struct err *err)
{
	for (int i = 0; i < TERMS_A_STEP && q->word < q->words.n; i++) {
		const struct slice rest =
		    slice_from(buf_slice(&q->words), q->word);
		const struct slice word =
		    slice_sub(rest, 0, slice_find(rest, '\n'));

		q->word += word.n + 1;
		if (match_scope(q, f, word, false, err) == -1)
			return -1;
	}
	if (q->word >= q->words.n) {
		q->stage = SCAN_REST;
		q->last = 0;
	}
	return 0;
}

static bool
is_in(const struct term_query *q, struct slice text)
{
	const struct slice p = buf_slice(&q->v[q->at].pattern);

	return text.n > 0 && needle_find(text, p, q->rare) < text.n;
}

static int
scan_rest_row(
    struct term_query *q, struct fulltext *f, struct slice row, struct err *err)
{
	struct rest r;

	while (rest_get(&row, &r))
		if (((q->scope & QUERY_HEADER) != 0 && is_in(q, r.header)) ||
		    ((q->scope & QUERY_BODY) != 0 && is_in(q, r.body)))
			docset_add(&q->found, r.doc);
	if (row.n == 0)
		return 0;
	f->db.damaged = true;
	return err_set(err, ERR_TEMP, "full-text index: rests");
}

static int
scan_rest(struct term_query *q, struct fulltext *f, struct err *err)
{
	struct sqlite3_stmt *st = db_statement(&f->db, DB_REST, err);
	enum found found = FOUND;

	if (st == NULL)
		return -1;
	db_bind(st, 1, q->last);
	for (int i = 0; i < ROWS_A_STEP && found == FOUND; i++) {
		found = db_step(&f->db, st, err);
		if (found != FOUND)
			break;
		q->last = db_number(st, 0);
		if (scan_rest_row(q, f, db_column(st, 1), err) == -1)
			found = TEMPFAIL;
	}
	db_reset(st);
	if (found == TEMPFAIL)
		return -1;
	if (found == ABSENT) {
		end_condition(q);
		begin_condition(q);
	}
	return 0;
}

static int
look_up(struct term_query *q, struct fulltext *f, struct err *err)
{
	const struct condition *c = &q->v[q->at];

	if (match_scope(q, f, c->text, c->kind == PREFIX, err) == -1)
		return -1;
	end_condition(q);
	begin_condition(q);
	return 0;
}

int
query_step(
    struct term_query *q, struct fulltext *f, bool *more, struct err *err)
{
	int rc = 0;

	if (q->at == 0 && q->stage == LOOK_UP && q->v[0].kind == WORDS)
		begin_condition(q);
	switch (q->stage) {
	case LOOK_UP:
		rc = look_up(q, f, err);
		break;
	case SCAN_WORDS:
		rc = scan_words(q, f, err);
		break;
	case LOOK_UP_WORDS:
		rc = look_up_words(q, f, err);
		break;
	case SCAN_REST:
		rc = scan_rest(q, f, err);
		break;
	case DONE:
		break;
	}
	*more = q->stage != DONE;
	return rc;
}

bool
query_is_useful(const struct term_query *q)
{
	return q->useful && q->any;
}

bool
query_is_exact(const struct term_query *q)
{
	return q->exact;
}

bool
query_has(const struct term_query *q, uint64_t doc)
{
	return docset_has(&q->docs, doc);
}
