/* SPDX-License-Identifier: ISC */
#include "fulltext/near.h"

#include <string.h>

enum {
	START_MIN = 3, /* bytes of a word that others may begin with, */
	ERROR_MIN = 4, /* that may have an error, */
	BOTH_MIN = 5,  /* and both */
	STEM_MIN = 4,
	ENDING_MAX = 3,
};

size_t
near_runs(struct slice needle, struct terms_run v[NEAR_RUNS_MAX])
{
	struct slice rest = needle;
	size_t n = 0;

	while (n < NEAR_RUNS_MAX && terms_next_run(needle, &rest, &v[n]))
		n++;
	return n;
}

/* Where S and T differ first, at the start of a character of S. */
static size_t
common(struct slice s, struct slice t)
{
	size_t n = 0;

	while (n < s.n && n < t.n && s.p[n] == t.p[n])
		n++;
	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* REST of the one that is wanted, and what stands there in the word. */
static unsigned
after_error(struct slice rest, struct slice word)
{
	if (slice_eq(rest, word))
		return NEAR_ERROR;
	return slice_starts(word, rest) ? NEAR_ERROR_START : 0;
}

static unsigned
best(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* Are W's first two characters those of T, the other way round? */
static bool
is_swapped(struct slice w, size_t n, struct slice t, size_t m)
{
	return slice_starts(slice_from(w, n), slice_sub(t, 0, m)) &&
	       slice_starts(slice_from(t, m), slice_sub(w, 0, n));
}

/* W and T begin with different characters, of N and M bytes (0: it is at its
 * end): what is the least that was done to them? */
static unsigned
one_error(struct slice w, size_t n, struct slice t, size_t m)
{
	unsigned near = after_error(slice_from(w, n), t);

	near = best(near, after_error(slice_from(w, n), slice_from(t, m)));
	near = best(near, after_error(w, slice_from(t, m)));
	if (n > 0 && m > 0 && is_swapped(w, n, t, m))
		near = best(near,
		    after_error(slice_from(w, n + m), slice_from(t, n + m)));
	return near;
}

unsigned
near_word(struct slice wanted, struct slice word)
{
	const size_t n = common(wanted, word);
	struct slice w = slice_from(wanted, n), t = slice_from(word, n);
	unsigned near;

	if (w.n == 0 && t.n == 0)
		return NEAR_SAME;
	if (w.n == 0 && wanted.n >= START_MIN)
		return NEAR_START;
	if (t.n == 0 && word.n >= STEM_MIN && w.n <= ENDING_MAX)
		return NEAR_STEM;
	if (w.n == 0 || wanted.n < ERROR_MIN)
		return 0;
	near = one_error(w, terms_char(w), t, t.n > 0 ? terms_char(t) : 0);
	/* Not where hardly more than the error is left of it. */
	return near == NEAR_ERROR_START && wanted.n < BOTH_MIN ? 0 : near;
}

/* A character that is another one takes two pairs away. */
unsigned
near_pairs(size_t npairs, size_t has)
{
	const size_t need = npairs > 3 ? npairs - 2 : (npairs + 1) / 2;

	return has < need || npairs == 0 ? 0
					 : (unsigned)(NEAR_SAME * has / npairs);
}

size_t
near_enough(size_t n)
{
	return n - n / 3;
}

/* Does TEXT have two characters in a row, or the one? */
static unsigned
pairs_in(struct slice run, struct slice text)
{
	size_t n = terms_char(run), pairs = 0, has = 0;

	if (n == run.n)
		return slice_search(text, run) < text.n ? NEAR_SAME : 0;
	while (n < run.n) {
		const size_t next = terms_char(slice_from(run, n));
		const struct slice pair = slice_sub(run, 0, n + next);

		pairs++;
		has += slice_search(text, pair) < text.n;
		run = slice_from(run, n);
		n = next;
	}
	return near_pairs(pairs, has);
}

/* Of what is no word of the index (terms.h) nothing comes near but itself. */
static unsigned
same(struct slice wanted, struct slice text)
{
	return slice_eq(wanted, text) ? NEAR_SAME : 0;
}

static unsigned
words_in(struct slice wanted, struct slice text)
{
	struct slice rest = text;
	struct terms_run run;
	unsigned near = 0;

	while (near < NEAR_SAME && terms_next_run(text, &rest, &run))
		if (!run.pair)
			near = best(near, terms_is_rest(run.text)
					      ? same(wanted, run.text)
					      : near_word(wanted, run.text));
	return near;
}

unsigned
near_text(struct slice needle, struct slice text)
{
	struct terms_run runs[NEAR_RUNS_MAX];
	const size_t n = near_runs(needle, runs);
	unsigned sum = 0;
	size_t has = 0;

	for (size_t i = 0; i < n; i++) {
		const unsigned near = runs[i].pair
					  ? pairs_in(runs[i].text, text)
					  : words_in(runs[i].text, text);

		sum += near;
		has += near > 0;
	}
	return n == 0 || has < near_enough(n) ? 0 : sum / (unsigned)n;
}
