/* SPDX-License-Identifier: ISC */
#include "mailquery/idslots.h"

#include <bsd/stdlib.h>

#include "base/mem.h"

enum { FIRST = 64 };

void
idslots_init(struct idslots *s, const void *owner,
    uint64_t (*key)(const void *owner, uint32_t item))
{
	*s = (struct idslots){ .key = key, .owner = owner };
	arc4random_buf(s->secret, sizeof s->secret);
}

void
idslots_fini(struct idslots *s)
{
	xfree(&s->v);
	s->n = s->used = 0;
}

void
idslots_reset(struct idslots *s)
{
	idslots_fini(s);
}

static size_t
slot_of(const struct idslots *s, uint64_t key)
{
	const unsigned __int128 product =
	    (unsigned __int128)(key ^ s->secret[0]) * (s->secret[1] | 1);

	return ((size_t)product ^ (size_t)(product >> 64)) & (s->n - 1);
}

/* That of KEY, or the free one where it would be. */
static size_t
seek(const struct idslots *s, uint64_t key)
{
	size_t i = slot_of(s, key);

	while (s->v[i] != 0 && s->key(s->owner, s->v[i]) != key)
		i = (i + 1) & (s->n - 1);
	return i;
}

uint32_t
idslots_find(const struct idslots *s, uint64_t key)
{
	return s->n > 0 ? s->v[seek(s, key)] : 0;
}

static void
grow(struct idslots *s)
{
	uint32_t *old = s->v;
	const size_t n = s->n;

	s->n = n > 0 ? 2 * n : FIRST;
	s->v = xcalloc(s->n, sizeof *s->v);
	for (size_t i = 0; i < n; i++)
		if (old[i] != 0)
			s->v[seek(s, s->key(s->owner, old[i]))] = old[i];
	xfree(&old);
}

void
idslots_put(struct idslots *s, uint32_t item)
{
	size_t i;

	if (2 * (s->used + 1) > s->n)
		grow(s);
	i = seek(s, s->key(s->owner, item));
	s->used += s->v[i] == 0;
	s->v[i] = item;
}

void
idslots_del(struct idslots *s, uint64_t key)
{
	size_t hole, i;

	if (s->n == 0)
		return;
	hole = i = seek(s, key);
	if (s->v[hole] == 0)
		return;
	s->used--;
	s->v[hole] = 0;
	/* What had to pass over the hole moves into it. */
	for (;;) {
		size_t home;

		i = (i + 1) & (s->n - 1);
		if (s->v[i] == 0)
			return;
		home = slot_of(s, s->key(s->owner, s->v[i]));
		if (((i - home) & (s->n - 1)) < ((i - hole) & (s->n - 1)))
			continue;
		s->v[hole] = s->v[i];
		s->v[i] = 0;
		hole = i;
	}
}
