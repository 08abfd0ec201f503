/* SPDX-License-Identifier: ISC */
/* Messages that were moved out of a folder, and where they are now. */
#ifndef CTL_MAILBOX_MOVED_H
#define CTL_MAILBOX_MOVED_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct asowner;
struct kept_list;
struct kept_message;
struct past;

struct moved_message {
	uint32_t uid; /* in the folder, when it was there */
	uint32_t box; /* number of the name in names */
	uint32_t touid;
	const struct kept_message *kept; /* expunged since; NULL: it is there */
};

struct moved {
	struct moved_message *v;
	size_t n;
	size_t cap;
	char **names; /* of folders that they are in */
	size_t nnames;
};

/* Those that were in the folder of P at the time AT_S, are not there now, and
 * can be found.  CTL_OK, or what went wrong was said.  Fini in any case. */
int moved_find(struct moved *m, struct asowner *o, const struct kept_list *l,
    struct past *p, int64_t at_s);
void moved_fini(struct moved *m);
/* Copy those that are not expunged into the folder NAME; *COPIED: how many. */
int moved_copy(const struct moved *m, struct asowner *o, struct slice name,
    size_t *copied);

#endif
