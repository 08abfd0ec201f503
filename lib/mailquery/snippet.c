/* SPDX-License-Identifier: ISC */
#include "mailquery/snippet.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/needle.h"
#include "base/utf8.h"
#include "mailquery/criteria.h"
#include "mime/fold.h"

enum {
	BEFORE = 60,           /* octets shown before the first match */
	TEXT_BYTES = 64 << 10, /* of a text that are looked at */
};

static const struct slice mark = SLICE("<mark>"), unmark = SLICE("</mark>");

/* ---- needles ---- */

static void
add_words(struct snippet_needles *needles, struct slice text, struct arena *a)
{
	struct slice word;
	struct buf folded;

	while (needles->n < SNIPPET_NEEDLES_MAX &&
	       criteria_word(&text, &word, a)) {
		buf_init(&folded, 64 * word.n + 256);
		fold_text(word, &folded);
		if (folded.n > 0)
			needles->v[needles->n++] =
			    arena_slice(a, buf_slice(&folded));
		buf_fini(&folded);
	}
}

static void
add(struct snippet_needles *needles, const struct criterion *c, bool body,
    struct arena *a)
{
	const enum criterion_op own = body ? CRITERION_BODY : CRITERION_SUBJECT;

	/* What must not be there is not marked. */
	if (c->op == CRITERION_NOT)
		return;
	if (c->op == CRITERION_TEXT || c->op == own)
		add_words(needles, c->text, a);
	for (const struct criterion *k = c->child; k != NULL; k = k->next)
		add(needles, k, body, a);
}

void
snippet_needles(struct snippet_needles *needles, const struct criterion *filter,
    bool body, struct arena *a)
{
	needles->n = 0;
	if (filter != NULL)
		add(needles, filter, body, a);
}

/* ---- finding ---- */

/* A text folded character by character, and where each byte is from. */
struct folded_text {
	struct slice text;
	struct buf folded;
	uint32_t *from;
	size_t cap;
};

static size_t
char_length(struct slice s)
{
	const size_t n = utf8_len(s);

	return n > 0 ? n : 1;
}

static void
fold_each(struct folded_text *f)
{
	struct slice rest = f->text;

	while (rest.n > 0) {
		const size_t n = char_length(rest), had = f->folded.n;
		const size_t at = f->text.n - rest.n;

		fold_text(slice_sub(rest, 0, n), &f->folded);
		if (f->folded.n + 1 > f->cap) {
			f->cap = 2 * f->folded.n + 64;
			f->from =
			    xreallocarray(f->from, f->cap, sizeof *f->from);
		}
		for (size_t i = had; i < f->folded.n; i++)
			f->from[i] = (uint32_t)at;
		rest = slice_from(rest, n);
	}
}

/* The first match from AT on in what is folded; the longest of those there. */
static bool
next_match(const struct folded_text *f, const struct snippet_needles *needles,
    size_t at, size_t *start, size_t *end)
{
	const struct slice rest = slice_from(buf_slice(&f->folded), at);
	bool found = false;

	for (size_t i = 0; i < needles->n; i++) {
		const struct slice needle = needles->v[i];
		const size_t where =
		    needle_find(rest, needle, needle_rare(needle));

		if (where == rest.n ||
		    (found && (at + where > *start ||
				  (at + where == *start &&
				      at + where + needle.n <= *end))))
			continue;
		found = true;
		*start = at + where;
		*end = *start + needle.n;
	}
	return found;
}

/* Where the character that gave the byte before END ends in the text. */
static size_t
text_end(const struct folded_text *f, size_t end)
{
	const size_t at = f->from[end - 1];

	return at + char_length(slice_from(f->text, at));
}

/* ---- writing ---- */

struct snippet_writer {
	struct buf *out;
	size_t left; /* octets that there is room for */
};

/* False: there is no room for all of it. */
static bool
put(struct snippet_writer *w, struct slice text)
{
	while (text.n > 0) {
		const size_t n = char_length(text);
		struct slice s = slice_sub(text, 0, n);

		if (*s.p == '<')
			s = SLICE("&lt;");
		else if (*s.p == '>')
			s = SLICE("&gt;");
		else if (*s.p == '&')
			s = SLICE("&amp;");
		else if (utf8_len(s) == 0)
			s = SLICE("\xef\xbf\xbd");
		if (s.n > w->left)
			return false;
		buf_add(w->out, s);
		w->left -= s.n;
		text = slice_from(text, n);
	}
	return true;
}

static bool
put_marked(struct snippet_writer *w, struct slice text)
{
	bool whole;

	if (w->left < mark.n + unmark.n + text.n)
		return false;
	buf_add(w->out, mark);
	w->left -= mark.n + unmark.n;
	whole = put(w, text);
	buf_add(w->out, unmark);
	return whole;
}

/* A word's begin, not long before AT. */
static size_t
begin_of(struct slice text, size_t at)
{
	size_t from = at > BEFORE ? at - BEFORE : 0;

	if (from == 0)
		return 0;
	while (from < at && text.p[from] != ' ')
		from++;
	if (from < at)
		return from + 1;
	return at;
}

static void
put_text(struct snippet_writer *w, const struct folded_text *f,
    const struct snippet_needles *needles, size_t start, size_t end, bool part)
{
	size_t at = part ? begin_of(f->text, f->from[start]) : 0;
	bool more = true;

	while (more) {
		const size_t from = f->from[start], to = text_end(f, end);

		if (from >= at &&
		    (!put(w, slice_sub(f->text, at, from - at)) ||
			!put_marked(w, slice_sub(f->text, from, to - from))))
			return;
		if (to > at)
			at = to;
		more = next_match(f, needles, end, &start, &end);
	}
	(void)put(w, slice_from(f->text, at));
}

bool
snippet_put(struct buf *out, struct slice text,
    const struct snippet_needles *needles, size_t max)
{
	struct folded_text f = { .text = slice_sub(text, 0, TEXT_BYTES) };
	struct snippet_writer w = { .out = out, .left = max };
	size_t start = 0, end = 0;
	bool found;

	buf_init(&f.folded, 64 * (size_t)TEXT_BYTES);
	fold_each(&f);
	found = next_match(&f, needles, 0, &start, &end);
	if (found)
		put_text(&w, &f, needles, start, end, text.n > max);
	buf_fini(&f.folded);
	xfree(&f.from);
	return found;
}
