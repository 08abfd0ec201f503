/* SPDX-License-Identifier: ISC */
/* Which folders of a foreign server are imported, and what they are called
 * here. */
#ifndef CTL_MOVE_FOLDERS_H
#define CTL_MOVE_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct imap_frame;
struct move_ask;

struct move_names {
	const char *folders; /* patterns, parted by commas; NULL: all */
	const char *map;     /* "THERE=HERE", parted by commas; NULL: none */
};

struct move_listed {
	struct slice name; /* there */
	struct slice path; /* there, as it would be here; then as it is */
	unsigned special;
	bool selectable, subscribed;
};

struct move_folders {
	struct arena arena;
	struct move_listed *v;
	size_t n;
};

/* Ask for them; those that are not wanted are left out.  Fini in any case. */
int move_folders_read(struct move_folders *l, struct move_ask *ask,
    const struct move_names *names, struct err *err);
void move_folders_fini(struct move_folders *l);
/* Is PATH one that NAMES wants?  "!" before a pattern takes out. */
bool move_folders_wanted(const struct move_names *names, struct slice path);

#endif
