/* SPDX-License-Identifier: ISC */
#include "pipe/written.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "pipe/include.h"
#include "sys/fd.h"
#include "table/alias.h"

/* No more lists are expanded for a message than a list may have members. */
enum { FORWARD_MAX_BYTES = 65536, LISTS_MAX = ALIAS_TARGETS_MAX };

/* Lists that are to be looked through. */
struct written_walk {
	struct arena arena;
	struct map seen; /* the same, by path */
	struct slice *lists;
	size_t n, room;
	struct slice command; /* looked for; or */
	struct slice list;
};

/* As local/forward.c wants it. */
static int
check_owner(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat .forward");
	if (!S_ISREG(st.st_mode) || st.st_size > FORWARD_MAX_BYTES ||
	    (st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_TEMP,
		    ".forward is not its owner's, or no file for it");
	return 0;
}

static enum found
read_forward(const char *home, struct buf *text, struct err *err)
{
	enum found found = TEMPFAIL;
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof path, "%s/.forward", home);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return ABSENT;
	if (fd == -1)
		err_sys(err, ERR_TEMP, "open .forward");
	else if (check_owner(fd, err) == 0 && fd_read_file(fd, text, err) == 0)
		found = FOUND;
	fd_close(&fd);
	return found;
}

static void
add_list(struct written_walk *w, struct slice path)
{
	if (w->n == LISTS_MAX || map_put(&w->seen, path, w) != NULL)
		return;
	if (w->n == w->room) {
		w->room = w->room > 0 ? 2 * w->room : 16;
		w->lists = xreallocarray(w->lists, w->room, sizeof *w->lists);
	}
	w->lists[w->n++] = path;
}

/* Is it among these?  Their lists are looked through later. */
static bool
is_in(struct written_walk *w, const struct alias *a)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct alias_target *t = &a->targets[i];

		if (t->kind == ALIAS_COMMAND && w->command.n > 0 &&
		    slice_eq(t->text, w->command))
			return true;
		if (t->kind != ALIAS_INCLUDE)
			continue;
		if (w->list.n > 0 && slice_eq(t->text, w->list))
			return true;
		add_list(w, t->text);
	}
	return false;
}

static bool
look(struct written_walk *w, struct slice list)
{
	struct alias a;

	if (alias_parse(list, &w->arena, &a, NULL) == -1)
		return false;
	if (is_in(w, &a))
		return true;
	for (size_t i = 0; i < w->n; i++)
		if (include_load(w->lists[i].p, &w->arena, &a, NULL) == 0 &&
		    is_in(w, &a))
			return true;
	return false;
}

bool
written_leads(struct slice list, struct slice target)
{
	struct written_walk w = { .n = 0 };
	bool leads;

	if (slice_starts(target, SLICE("|")))
		w.command = slice_from(target, 1);
	else
		w.list = include_path(target);
	arena_init(&w.arena);
	map_init(&w.seen);
	leads = look(&w, list);
	map_fini(&w.seen);
	free(w.lists);
	arena_fini(&w.arena);
	return leads;
}

enum found
written_find(const char *home, struct slice target, struct err *err)
{
	struct buf text = { .max = FORWARD_MAX_BYTES };
	enum found found = read_forward(home, &text, err);

	if (found == FOUND && !written_leads(buf_slice(&text), target))
		found = ABSENT;
	buf_fini(&text);
	return found;
}
