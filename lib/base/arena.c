/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/must.h"

/* Each chunk is twice the one before, up to CHUNK: what is kept for long, an
 * IMAP session's IDLE say, is often small. */
enum { FIRST = 208, CHUNK = 4000 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	alignas(max_align_t) char mem[];
};

void
arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

/* Free all chunks behind the first; chunks are freed newest first. */
static void
free_chunks(struct arena_chunk *c)
{
	while (c != NULL) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->chunks;

	a->used_bytes = 0;
	if (keep == NULL)
		return;
	if (keep->size > CHUNK) {
		arena_fini(a);
		return;
	}
	free_chunks(keep->next);
	keep->next = NULL;
	keep->used = 0;
}

void
arena_fini(struct arena *a)
{
	free_chunks(a->chunks);
	*a = (struct arena){ 0 };
}

static struct arena_chunk *
chunk_for(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	size_t want = c != NULL ? 2 * c->size : FIRST;

	if (c != NULL && size <= c->size - c->used)
		return c;
	want = want > CHUNK ? CHUNK : want;
	want = size > want ? size : want;
	c = xmalloc(sizeof *c + want);
	c->next = a->chunks;
	c->used = 0;
	c->size = want;
	a->chunks = c;
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_chunk *c;
	void *p;

	must(size < SIZE_MAX / 2);
	size = (size + align - 1) / align * align;
	c = chunk_for(a, size);
	p = c->mem + c->used;
	c->used += size;
	a->used_bytes += size;
	memset(p, 0, size);
	return p;
}

struct slice
arena_slice(struct arena *a, struct slice s)
{
	return slice_of(arena_str(a, s), s.n);
}

char *
arena_str(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

struct slice
arena_lower(struct arena *a, struct slice s)
{
	char *p = arena_str(a, s);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return slice_of(p, s.n);
}
