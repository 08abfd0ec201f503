/* SPDX-License-Identifier: ISC */
#include "sieverun/lists.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

enum { KEY_MAX_BYTES = 4096 };

struct list {
	struct map in;   /* lower-case values */
	struct buf text; /* a line for each */
};

static struct map lists; /* name -> struct list */

void
lists_add(struct slice name, struct slice text)
{
	struct list *list = xcalloc(1, sizeof *list);
	struct arena a;

	buf_init(&list->text, text.n + 1);
	map_put(&lists, name, list);
	while (text.n > 0) {
		const struct slice line =
		    slice_trim(slice_cut(text, '\n', &text));

		if (line.n == 0 || line.p[0] == '#')
			continue;
		arena_init(&a);
		map_put(&list->in, arena_lower(&a, line), list);
		arena_fini(&a);
		buf_add(&list->text, line);
		buf_addc(&list->text, '\n');
	}
}

/* Those of other domains, which have a path, are nothing to DOMAIN. */
static const struct list *
find_name(struct slice name, struct slice domain)
{
	struct buf own = { .max = KEY_MAX_BYTES };
	const struct list *list = NULL;

	if (slice_find(name, '/') < name.n)
		return NULL;
	buf_addf(&own, "%.*s/%.*s", SLICE_FMT(domain), SLICE_FMT(name));
	if (domain.n > 0 && !own.failed)
		list = map_find(&lists, buf_slice(&own));
	buf_fini(&own);
	return list != NULL ? list : map_find(&lists, name);
}

static const struct list *
find(struct slice uri, struct slice domain)
{
	const size_t colon = slice_rfind(uri, ':');

	/* Nobody has an address book here. */
	if (slice_istarts(uri, SLICE("urn:ietf:params:sieve:addrbook:")))
		return NULL;
	return find_name(
	    colon < uri.n ? slice_from(uri, colon + 1) : uri, domain);
}

enum found
lists_find(struct slice uri, struct slice domain, struct slice value)
{
	const struct list *list = find(uri, domain);
	struct arena a;
	enum found found;

	if (list == NULL || value.p == NULL)
		return list != NULL ? FOUND : ABSENT;
	arena_init(&a);
	found = map_find(&list->in, arena_lower(&a, value)) != NULL ? FOUND
								    : ABSENT;
	arena_fini(&a);
	return found;
}

enum found
lists_read(struct slice uri, struct slice domain, struct buf *out)
{
	const struct list *list = find(uri, domain);

	if (list == NULL)
		return ABSENT;
	buf_add(out, buf_slice(&list->text));
	return FOUND;
}
