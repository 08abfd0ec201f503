/* SPDX-License-Identifier: ISC */
#include "fulltext/docset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
docset_fini(struct docset *s)
{
	xfree(&s->v);
	s->n = 0;
}

void
docset_add(struct docset *s, uint64_t doc)
{
	const size_t at = (size_t)(doc / 64);

	if (doc > DOCSET_MAX)
		return;
	if (at >= s->n) {
		const size_t n = at + at / 2 + 16;

		s->v = xreallocarray(s->v, n, sizeof *s->v);
		memset(s->v + s->n, 0, (n - s->n) * sizeof *s->v);
		s->n = n;
	}
	s->v[at] |= UINT64_C(1) << (doc % 64);
}

bool
docset_has(const struct docset *s, uint64_t doc)
{
	return doc / 64 < s->n && ((s->v[doc / 64] >> (doc % 64)) & 1) != 0;
}

void
docset_and(struct docset *s, const struct docset *t)
{
	for (size_t i = 0; i < s->n; i++)
		s->v[i] &= i < t->n ? t->v[i] : 0;
}

uint64_t
docset_count(const struct docset *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += (uint64_t)__builtin_popcountll(s->v[i]);
	return n;
}
