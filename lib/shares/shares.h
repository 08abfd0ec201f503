/* SPDX-License-Identifier: ISC */
/*
 * Who shares something with whom, in the state directory: shares/NAME/OWNER is
 * an empty file that says so, where NAME is a user's address, "group=" and a
 * group's name with its domain, or "anyone=" and a domain.  What is shared, the
 * owner's mailboxes say (maildir/aclfile.h); this is where it begins to be
 * asked for, so it may say too much, but not too little.
 * shares/owner=OWNER/NAME says the same the other way round.
 *
 * Addresses are compared without regard to case.  STATE is the state directory;
 * all of it blocks.
 */
#ifndef SHARES_SHARES_H
#define SHARES_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;

enum { SHARES_MAX = 1000 }; /* names of one owner */

enum shares_kind { SHARES_USER, SHARES_ANYONE, SHARES_GROUP };
struct shares_name {
	enum shares_kind kind;
	struct slice name; /* an address, a domain, a group with its domain */
};

/* NAME as a line, and back (it borrows): for messages. */
void shares_put(struct buf *out, const struct shares_name *name);
bool shares_read(struct slice line, struct shares_name *name);

/* OWNER shares with NAME: on disk if 0, and noted now.  ERR_PERM ERR_LIMIT:
 * with too many, or the names are too long. */
int shares_add(const char *state, struct slice owner,
    const struct shares_name *name, struct err *err);
/* OWNER shares with the N NAMES and nobody else; but what was noted since
 * BEFORE_US (clock_wall_us) stays, and what may have been. */
int shares_keep(const char *state, struct slice owner,
    const struct shares_name *names, size_t n, int64_t before_us,
    struct err *err);
enum found shares_has(const char *state, struct slice owner,
    const struct shares_name *name, struct err *err);
/* Those that share with NAME, a line for each, in no order. */
int shares_owners(const char *state, const struct shares_name *name,
    struct buf *out, struct err *err);
/* The user ADDRESS is no more: nobody shares with him, and he with nobody. */
int shares_forget(const char *state, struct slice address, struct err *err);

#endif
