/* SPDX-License-Identifier: ISC */
#include "ctl/move/folders.h"

#include <fnmatch.h>

#include "base/map.h"
#include "base/mem.h"
#include "ctl/imap/answer.h"
#include "ctl/imap/frame.h"
#include "ctl/move/ask.h"
#include "maildir/name.h"
#include "maildir/special.h"

enum { FOLDERS_MAX = 100000 };

struct folder_listing {
	struct move_folders *l;
	struct map by_name; /* there -> index + 1 */
};

static bool
matches(const char *patterns, const char *text)
{
	struct slice rest = slice_str(patterns);
	bool in = false, any = false, out = false;
	char pattern[NAME_LIMIT + 2];

	while (rest.n > 0) {
		const struct slice one =
		    slice_trim(slice_cut(rest, ',', &rest));
		const bool not = slice_starts(one, SLICE("!"));

		if (!slice_copy(
			slice_from(one, not ? 1 : 0), pattern, sizeof pattern))
			continue;
		any = any || !not ;
		if (fnmatch(pattern, text, FNM_NOESCAPE) != 0)
			continue;
		if (not )
			out = true;
		else
			in = true;
	}
	return !out && (in || !any);
}

bool
move_folders_wanted(const struct move_names *names, struct slice path)
{
	char text[NAME_LIMIT + 1];

	if (names->folders == NULL)
		return true;
	return slice_copy(path, text, sizeof text) &&
	       matches(names->folders, text);
}

/* What PATH is called here. */
static struct slice
mapped(const struct move_names *names, struct slice path)
{
	struct slice rest = slice_str(names->map);

	while (rest.n > 0) {
		const struct slice one = slice_cut(rest, ',', &rest);
		struct slice here;
		const struct slice there =
		    slice_trim(slice_cut(one, '=', &here));

		if (slice_eq(there, path))
			return slice_trim(here);
	}
	return path;
}

static struct move_listed *
entry(struct folder_listing *c, struct slice name)
{
	struct move_folders *l = c->l;
	const size_t at = (size_t)map_find(&c->by_name, name);

	if (at != 0)
		return &l->v[at - 1];
	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] =
	    (struct move_listed){ .name = arena_slice(&l->arena, name) };
	map_put(&c->by_name, name, (void *)l->n);
	return &l->v[l->n - 1];
}

static int
on_folder(void *arg, const struct imap_frame *f, struct err *err)
{
	struct folder_listing *c = arg;
	struct move_listed *e;

	if (f->type != IMAP_SAY_FOLDER || f->s.n == 0)
		return err_set(err, ERR_TEMP, "no folder was told");
	if (c->l->n == FOLDERS_MAX)
		return err_set(
		    err, ERR_PERM, "the server has too many folders");
	e = entry(c, f->s);
	if ((f->n[0] & IMAP_NOSELECT) == 0) {
		e->selectable = true;
		e->special = (unsigned)f->n[1] & 0x7f;
	}
	if ((f->n[0] & IMAP_SUBSCRIBED) != 0)
		e->subscribed = true;
	if (e->path.n == 0)
		e->path = arena_slice(&c->l->arena, f->t);
	return 0;
}

int
move_folders_read(struct move_folders *l, struct move_ask *ask,
    const struct move_names *names, struct err *err)
{
	const struct imap_frame f = { .type = IMAP_ASK_FOLDERS };
	struct folder_listing c = { .l = l };
	size_t kept = 0;
	enum found found;

	*l = (struct move_folders){ .n = 0 };
	arena_init(&l->arena);
	map_init(&c.by_name);
	found = move_ask(ask, &f, on_folder, &c, err);
	map_fini(&c.by_name);
	for (size_t i = 0; i < l->n; i++) {
		if (!l->v[i].selectable ||
		    !move_folders_wanted(names, l->v[i].path))
			continue;
		l->v[kept] = l->v[i];
		l->v[kept].path = mapped(names, l->v[i].path);
		kept++;
	}
	l->n = kept;
	return found == FOUND ? 0 : -1;
}

void
move_folders_fini(struct move_folders *l)
{
	xfree(&l->v);
	l->n = 0;
	arena_fini(&l->arena);
}
