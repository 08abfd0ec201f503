/* SPDX-License-Identifier: ISC */
#include "sieverun/lists.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

enum { KEY_MAX_BYTES = 4096 };

static struct map lists; /* name -> struct map of what is in it */

void
lists_add(struct slice name, struct slice text)
{
	struct map *list = xcalloc(1, sizeof *list);
	struct arena a;

	map_put(&lists, name, list);
	while (text.n > 0) {
		const struct slice line =
		    slice_trim(slice_cut(text, '\n', &text));

		if (line.n == 0 || line.p[0] == '#')
			continue;
		arena_init(&a);
		map_put(list, arena_lower(&a, line), list);
		arena_fini(&a);
	}
}

/* Those of other domains, which have a path, are nothing to DOMAIN. */
static const struct map *
find(struct slice name, struct slice domain)
{
	struct buf own = { .max = KEY_MAX_BYTES };
	const struct map *list = NULL;

	if (slice_find(name, '/') < name.n)
		return NULL;
	buf_addf(&own, "%.*s/%.*s", SLICE_FMT(domain), SLICE_FMT(name));
	if (domain.n > 0 && !own.failed)
		list = map_find(&lists, buf_slice(&own));
	buf_fini(&own);
	return list != NULL ? list : map_find(&lists, name);
}

enum found
lists_find(struct slice uri, struct slice domain, struct slice value)
{
	const size_t colon = slice_rfind(uri, ':');
	const struct map *list;
	struct arena a;
	enum found found;

	/* Nobody has an address book here. */
	if (slice_istarts(uri, SLICE("urn:ietf:params:sieve:addrbook:")))
		return ABSENT;
	list = find(colon < uri.n ? slice_from(uri, colon + 1) : uri, domain);
	if (list == NULL || value.p == NULL)
		return list != NULL ? FOUND : ABSENT;
	arena_init(&a);
	found = map_find(list, arena_lower(&a, value)) != NULL ? FOUND : ABSENT;
	arena_fini(&a);
	return found;
}
