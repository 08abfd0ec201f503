/* SPDX-License-Identifier: ISC */
#include "sieve/scope.h"

#include <string.h>

#include "base/arena.h"

static int
find(const struct sieve_slots *s, struct slice name, uint16_t owner)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->list[i].owner == owner &&
		    slice_ieq(s->list[i].name, name))
			return (int)i;
	return -1;
}

static int
add(struct sieve_slots *s, struct slice name, uint16_t owner)
{
	if (s->n == SIEVE_SLOTS_MAX)
		return -1;
	if (s->n == s->room) {
		const uint32_t room = s->room > 0 ? 2 * s->room : 16;
		struct sieve_slot *list =
		    arena_alloc(s->arena, room * sizeof *list);

		if (s->n > 0)
			memcpy(list, s->list, s->n * sizeof *list);
		s->list = list;
		s->room = room;
	}
	s->list[s->n] =
	    (struct sieve_slot){ arena_lower(s->arena, name), owner };
	return (int)s->n++;
}

int
sieve_scope_find(const struct sieve_scope *s, struct slice name)
{
	for (const struct sieve_declared *d = s->globals; d != NULL;
	     d = d->next)
		if (slice_ieq(d->name, name))
			return (int)d->slot;
	return find(s->slots, name, s->script);
}

int
sieve_scope_add(struct sieve_scope *s, struct slice name, uint32_t max)
{
	const int slot = sieve_scope_find(s, name);

	if (slot != -1)
		return slot;
	if (s->declared == max)
		return -1;
	s->declared++;
	return add(s->slots, name, s->script);
}

int
sieve_scope_shared(struct sieve_slots *s, struct slice name)
{
	const int slot = find(s, name, SIEVE_SCOPE_GLOBAL);

	return slot != -1 ? slot : add(s, name, SIEVE_SCOPE_GLOBAL);
}

bool
sieve_scope_declare(struct sieve_scope *s, struct slice name)
{
	struct sieve_declared *d;
	int slot;

	for (d = s->globals; d != NULL; d = d->next)
		if (slice_ieq(d->name, name))
			return true;
	if (find(s->slots, name, s->script) != -1)
		return false;
	slot = sieve_scope_shared(s->slots, name);
	if (slot == -1)
		return false;
	d = arena_new(s->slots->arena, struct sieve_declared);
	*d = (struct sieve_declared){ s->globals,
		arena_lower(s->slots->arena, name), (uint32_t)slot };
	s->globals = d;
	return true;
}
