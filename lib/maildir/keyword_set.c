/* SPDX-License-Identifier: ISC */
#include "maildir/keyword_set.h"

#include <string.h>

#include "base/must.h"

enum { WORDS = KEYWORDS_MAX / 32, LETTER_BITS = (1 << KEYWORD_LETTERS) - 1 };

void
keyword_set_add(struct keyword_set *s, unsigned n)
{
	must(n < KEYWORDS_MAX);
	s->w[n / 32] |= UINT32_C(1) << n % 32;
}

bool
keyword_set_has(const struct keyword_set *s, unsigned n)
{
	return n < KEYWORDS_MAX && (s->w[n / 32] >> n % 32 & 1) != 0;
}

void
keyword_set_or(struct keyword_set *to, const struct keyword_set *from)
{
	for (size_t i = 0; i < WORDS; i++)
		to->w[i] |= from->w[i];
}

void
keyword_set_del(struct keyword_set *to, const struct keyword_set *from)
{
	for (size_t i = 0; i < WORDS; i++)
		to->w[i] &= ~from->w[i];
}

unsigned
keyword_set_count(const struct keyword_set *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORDS; i++)
		n += (unsigned)__builtin_popcount(s->w[i]);
	return n;
}

unsigned
keyword_set_next(const struct keyword_set *s, unsigned from)
{
	for (unsigned n = from; n < KEYWORDS_MAX; n = (n / 32 + 1) * 32) {
		const uint32_t rest = s->w[n / 32] >> n % 32;

		if (rest != 0)
			return n + (unsigned)__builtin_ctz(rest);
	}
	return KEYWORDS_MAX;
}

bool
keyword_set_more(const struct keyword_set *s)
{
	static const struct keyword_set none;

	/* Asked of each message; nearly none has any. */
	return (s->w[0] & ~(uint32_t)LETTER_BITS) != 0 ||
	       memcmp(s->w + 1, none.w + 1, sizeof none - sizeof *none.w) != 0;
}

uint32_t
keyword_set_letters(const struct keyword_set *s)
{
	return s->w[0] & LETTER_BITS;
}

void
keyword_set_put_letters(struct keyword_set *s, uint32_t letters)
{
	s->w[0] = (s->w[0] & ~(uint32_t)LETTER_BITS) | (letters & LETTER_BITS);
}
