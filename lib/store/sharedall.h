/* SPDX-License-Identifier: ISC */
/* With whom all the mailboxes of an account are shared, by their ACLs. */
#ifndef STORE_SHAREDALL_H
#define STORE_SHAREDALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"

struct account;

struct sharedall {
	struct account *account;
	struct slice owner;
	struct arena arena;
	struct slice *names; /* of the mailboxes */
	size_t n, at;
	struct map seen;
	struct buf lines; /* shares/shares.h, each once */
};

/* OWNER is the address of A's; both stay.  Of 0 and -1 alike, _fini. */
int sharedall_begin(struct sharedall *w, struct account *a, struct slice owner,
    struct err *err);
/* Read the next ACL into lines, of which there may be too many (lines.failed).
 * *MORE: there are others. */
int sharedall_next(struct sharedall *w, bool *more, struct err *err);
void sharedall_fini(struct sharedall *w);

#endif
