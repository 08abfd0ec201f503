/* SPDX-License-Identifier: ISC */
/* Messages into a mailbox, many at a time: each is on disk when its batch was
 * committed. */
#ifndef CTL_MOVE_INTO_H
#define CTL_MOVE_INTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "store/append.h"

struct mailbox;
struct store;

struct move_into {
	struct store *store;
	struct mailbox *m;
	struct append_batch *batch;
	struct append *open; /* the message that is being written */
	size_t n;
	uint64_t bytes;
	struct append *v[256]; /* of the batch */
	bool done;
};

void move_into_init(
    struct move_into *i, struct store *store, struct mailbox *m);
/* What was not committed leaves nothing. */
void move_into_fini(struct move_into *i);
/* A piece of the message, as on the wire; the first begins one. */
int move_into_text(struct move_into *i, struct slice bytes, struct err *err);
/* It is whole.  Keywords that the mailbox cannot take are left out.  Commits
 * where there is enough for that. */
int move_into_end(
    struct move_into *i, const struct append_info *info, struct err *err);
/* It is none after all. */
void move_into_drop(struct move_into *i);
/* Wait until all of them are on disk.  -1: what of them is not there must be
 * looked for. */
int move_into_commit(struct move_into *i, struct err *err);

#endif
