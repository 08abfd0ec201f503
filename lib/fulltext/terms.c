/* SPDX-License-Identifier: ISC */
#include "fulltext/terms.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	BYTES_MAX = 8 << 20,
	SLOTS_MIN = 1024,
	MACHINE_MIN = 8, /* bytes of a word that a machine may have made */
};

enum kind { GAP, WORD, PAIR };

/* Beyond ASCII, in order; what is in none of them is of words. */
/* clang-format off */
static const struct {
	uint32_t from, to;
	enum kind kind;
} ranges[] = {
	{ 0x80, 0xa9, GAP }, { 0xab, 0xb4, GAP }, { 0xb6, 0xb9, GAP },
	{ 0xbb, 0xbf, GAP }, { 0xd7, 0xd7, GAP }, { 0xf7, 0xf7, GAP },
	{ 0xe00, 0xeff, PAIR },     /* Thai, Lao */
	{ 0x1000, 0x109f, PAIR },   /* Myanmar */
	{ 0x1100, 0x11ff, PAIR },   /* Jamo */
	{ 0x1780, 0x17ff, PAIR },   /* Khmer */
	{ 0x2000, 0x2bff, GAP },    /* punctuation, signs */
	{ 0x2e00, 0x2e7f, GAP },
	{ 0x2e80, 0x2fff, PAIR },   /* radicals */
	{ 0x3000, 0x3004, GAP }, { 0x3005, 0x3007, PAIR },
	{ 0x3008, 0x3030, GAP }, { 0x3031, 0x3035, PAIR },
	{ 0x3036, 0x303f, GAP },
	{ 0x3040, 0x318f, PAIR },   /* Kana, Bopomofo, Jamo */
	{ 0x3190, 0x31ff, PAIR },
	{ 0x3200, 0x33ff, PAIR },
	{ 0x3400, 0xa4cf, PAIR },   /* Han, Yi */
	{ 0xa960, 0xa97f, PAIR },
	{ 0xac00, 0xd7ff, PAIR },   /* Hangul */
	{ 0xf900, 0xfaff, PAIR },
	{ 0xfff0, 0xffff, GAP },
	{ 0x1f000, 0x1fbff, PAIR }, /* pictures */
	{ 0x20000, 0x3ffff, PAIR }, /* Han */
};
/* clang-format on */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum kind
ascii_kind(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		   ? WORD
		   : GAP;
}

static enum kind
code_kind(uint32_t c)
{
	size_t lo = 0, hi = ARRAY_LEN(ranges);

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (ranges[mid].to < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < ARRAY_LEN(ranges) && c >= ranges[lo].from ? ranges[lo].kind
							      : WORD;
}

/* A byte of no character is a letter. */
size_t
terms_char(struct slice s)
{
	const size_t n = (unsigned char)s.p[0] < 0x80 ? 1 : utf8_len(s);

	return n > 0 ? n : 1;
}

static enum kind
kind_of(struct slice s, size_t n)
{
	if ((unsigned char)s.p[0] < 0x80)
		return ascii_kind(s.p[0]);
	return n > 1 ? code_kind(utf8_code(slice_sub(s, 0, n))) : WORD;
}

void
terms_init(struct terms *t)
{
	*t = (struct terms){ .n = 0 };
	buf_init(&t->bytes, BYTES_MAX);
	for (size_t i = 0; i < 2; i++)
		buf_init(&t->rest[i], TERMS_REST_MAX);
}

void
terms_fini(struct terms *t)
{
	xfree(&t->v);
	xfree(&t->slots);
	buf_fini(&t->bytes);
	for (size_t i = 0; i < 2; i++)
		buf_fini(&t->rest[i]);
	*t = (struct terms){ .n = 0 };
}

void
terms_reset(struct terms *t)
{
	buf_reset(&t->bytes);
	for (size_t i = 0; i < 2; i++)
		buf_reset(&t->rest[i]);
	if (t->nslots > 0)
		memset(t->slots, 0, t->nslots * sizeof *t->slots);
	t->n = t->nrun = 0;
	t->too_many = t->spilled = false;
}

/* Where TEXT is in the table, or would be. */
static uint32_t *
slot_of(const struct terms *t, struct slice text)
{
	size_t i = (size_t)map_hash(text) & (t->nslots - 1);

	while (t->slots[i] != 0 &&
	       !slice_eq(terms_text(t, &t->v[t->slots[i] - 1]), text))
		i = (i + 1) & (t->nslots - 1);
	return &t->slots[i];
}

static void
grow(struct terms *t)
{
	const size_t n = t->nslots > 0 ? 2 * t->nslots : SLOTS_MIN;

	xfree(&t->slots);
	t->slots = xcalloc(n, sizeof *t->slots);
	t->nslots = n;
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, terms_text(t, &t->v[i])) = (uint32_t)i + 1;
}

static void
add(struct terms *t, struct slice text, unsigned flags)
{
	uint32_t *slot;

	flags |= 1U << t->where;
	if (2 * (t->n + 1) > t->nslots)
		grow(t);
	slot = slot_of(t, text);
	if (*slot != 0) {
		t->v[*slot - 1].flags |= (uint16_t)flags;
		return;
	}
	if (t->n == TERMS_MAX) {
		t->too_many = true;
		return;
	}
	if (t->n == t->cap) {
		t->cap = t->cap > 0 ? 2 * t->cap : 256;
		t->v = xreallocarray(t->v, t->cap, sizeof *t->v);
	}
	t->v[t->n] = (struct term){ .off = (uint32_t)t->bytes.n,
		.n = (uint16_t)text.n,
		.flags = (uint16_t)flags };
	buf_add(&t->bytes, text);
	*slot = (uint32_t)++t->n;
}

/* Letters and digits change places, or it is a long number. */
bool
terms_is_rest(struct slice word)
{
	unsigned changes = 0;

	if (word.n > TERMS_WORD_MAX)
		return true;
	if (word.n < MACHINE_MIN)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if ((unsigned char)word.p[i] >= 0x80)
			return false;
		changes +=
		    i > 0 && is_digit(word.p[i]) != is_digit(word.p[i - 1]);
	}
	return changes >= 2 || (changes == 0 && is_digit(word.p[0]));
}

/* More of a word that is in the rest. */
static void
spill(struct terms *t)
{
	struct buf *to = &t->rest[t->where];

	if (!t->spilled && to->n == 0)
		buf_addc(to, '\n');
	buf_add(to, slice_of(t->run, t->nrun));
	t->spilled = true;
	t->nrun = 0;
}

void
terms_end(struct terms *t)
{
	const struct slice run = slice_of(t->run, t->nrun);

	if (t->spilled || (t->kind == WORD && terms_is_rest(run))) {
		spill(t);
		buf_addc(&t->rest[t->where], '\n');
	} else if (t->nrun > 0) {
		add(t, run, t->kind == PAIR ? TERM_PAIR : 0);
	}
	t->spilled = false;
	t->nrun = 0;
	t->too_many |= t->rest[t->where].failed || t->bytes.failed;
}

/* Of what has no spaces run holds the character before. */
static void
take_pair(struct terms *t, struct slice c)
{
	const size_t before = t->nrun;

	memcpy(t->run + before, c.p, c.n);
	if (before > 0)
		add(t, slice_of(t->run, before + c.n), TERM_PAIR);
	memcpy(t->run, c.p, c.n);
	t->nrun = c.n;
}

void
terms_feed(struct terms *t, enum terms_where where, struct slice text)
{
	if (where != t->where)
		terms_end(t);
	t->where = where;
	while (text.n > 0) {
		const size_t n = terms_char(text);
		const enum kind kind = kind_of(text, n);

		if ((int)kind != t->kind)
			terms_end(t);
		t->kind = (int)kind;
		if (kind == PAIR) {
			take_pair(t, slice_sub(text, 0, n));
		} else if (kind == WORD) {
			if (t->nrun + n > sizeof t->run)
				spill(t);
			memcpy(t->run + t->nrun, text.p, n);
			t->nrun += n;
		}
		text = slice_from(text, n);
	}
}

bool
terms_next_run(struct slice whole, struct slice *text, struct terms_run *run)
{
	enum kind kind = GAP, next = GAP;
	struct slice from;
	size_t n = 0;

	while (text->n > 0) {
		n = terms_char(*text);
		kind = kind_of(*text, n);
		if (kind != GAP)
			break;
		*text = slice_from(*text, n);
	}
	if (text->n == 0)
		return false;
	from = *text;
	while (text->n > 0) {
		n = terms_char(*text);
		next = kind_of(*text, n);
		if (next != kind)
			break;
		*text = slice_from(*text, n);
	}
	*run = (struct terms_run){
		.text = slice_sub(from, 0, from.n - text->n),
		.pair = kind == PAIR,
		.first = from.p == whole.p,
		.last = text->n == 0,
	};
	return true;
}
