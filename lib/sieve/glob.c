/* SPDX-License-Identifier: ISC */
/*
 * The pattern is cut at its stars.  What stands between two of them is found at
 * the first place where it fits, which leaves most to what follows; what stands
 * behind the last is fitted to the end of the text.  So no choice is ever taken
 * back, and the time is at most the product of both lengths.
 */
#include "sieve/glob.h"

#include "base/ascii.h"
#include "base/utf8.h"

struct matching {
	enum sieve_comparator c;
	struct slice *v;
	size_t n;
	uint64_t cost;
};

static void
value(struct matching *m, struct slice s)
{
	if (m->n < SIEVE_GLOB_VALUES)
		m->v[m->n] = s;
	m->n++;
}

/* Bytes of the character at the start of S. */
static size_t
char_len(const struct matching *m, struct slice s)
{
	const size_t n = m->c == SIEVE_BY_OCTET ? 1 : utf8_len(s);

	return n > 0 ? n : 1;
}

static bool
same(const struct matching *m, char a, char b)
{
	if (m->c == SIEVE_BY_ASCII_CASEMAP)
		return ascii_upper(a) == ascii_upper(b);
	return a == b;
}

/* The piece of pattern P (no stars) at the start of TEXT: how many bytes of it
 * that is; -1: it does not fit. */
static ptrdiff_t
fit(struct matching *m, struct slice text, struct slice p)
{
	size_t at = 0;

	for (size_t i = 0; i < p.n; i++) {
		m->cost++;
		if (at >= text.n)
			return -1;
		if (p.p[i] == '?') {
			at += char_len(m, slice_from(text, at));
			continue;
		}
		if (p.p[i] == '\\' && i + 1 < p.n)
			i++;
		if (!same(m, p.p[i], text.p[at++]))
			return -1;
	}
	return (ptrdiff_t)at;
}

/* The values of the ? in P, which fits TEXT. */
static void
take(struct matching *m, struct slice text, struct slice p)
{
	size_t at = 0;

	for (size_t i = 0; i < p.n; i++) {
		size_t n = 1;

		if (p.p[i] == '?') {
			n = char_len(m, slice_from(text, at));
			value(m, slice_sub(text, at, n));
		} else if (p.p[i] == '\\' && i + 1 < p.n) {
			i++;
		}
		at += n;
	}
}

/* The end of the piece that P begins with: the next star, or P.n. */
static size_t
piece_end(struct slice p)
{
	size_t i = 0;

	while (i < p.n && p.p[i] != '*')
		i += p.p[i] == '\\' && i + 1 < p.n ? 2 : 1;
	return i;
}

/* P, what a star is followed by, in TEXT: at the first place, or at the end
 * when nothing FOLLOWS.  Takes it off TEXT. */
static bool
find_piece(struct matching *m, struct slice *text, struct slice p, bool follows)
{
	const size_t slot = m->n;

	value(m, SLICE(""));
	for (size_t at = 0; at <= text->n;
	     at += char_len(m, slice_from(*text, at))) {
		const struct slice rest = slice_from(*text, at);
		const ptrdiff_t n = fit(m, rest, p);

		m->cost++;
		if (n == -1 || (!follows && (size_t)n != rest.n))
			continue;
		if (slot < SIEVE_GLOB_VALUES)
			m->v[slot] = slice_sub(*text, 0, at);
		take(m, rest, p);
		*text = slice_from(rest, (size_t)n);
		return true;
	}
	return false;
}

bool
sieve_glob_match(enum sieve_comparator c, struct slice text,
    struct slice pattern, struct slice v[SIEVE_GLOB_VALUES], size_t *n,
    uint64_t *cost)
{
	struct matching m = { .c = c, .v = v };
	size_t end = piece_end(pattern);
	struct slice piece = slice_sub(pattern, 0, end);
	ptrdiff_t len;
	bool ok;

	value(&m, text);
	len = fit(&m, text, piece);
	ok = len != -1;
	if (ok) {
		take(&m, text, piece);
		text = slice_from(text, (size_t)len);
	}
	while (ok && end < pattern.n) {
		pattern = slice_from(pattern, end + 1);
		end = piece_end(pattern);
		piece = slice_sub(pattern, 0, end);
		ok = find_piece(&m, &text, piece, end < pattern.n);
	}
	*cost += m.cost;
	*n = m.n < SIEVE_GLOB_VALUES ? m.n : SIEVE_GLOB_VALUES;
	return ok && text.n == 0;
}
