/* SPDX-License-Identifier: ISC */
/*
 * Lists of targets: the value of an entry of the aliases table, a .forward or
 * an :include: file.
 *
 *     name@domain: target, target      this address
 *     name: target                     this local part in every local domain
 *     @domain: target                  every address of the domain that is
 *                                      nothing else
 *
 * A target is an address (without a domain: a local one), "\name" (the
 * mailbox itself, no further look-up), "|command", "/file" or
 * ":include:/file"; what holds blanks or commas stands in double quotes.
 * In files, lines end a target as commas do, and "#" begins a comment.
 */
#ifndef TABLE_ALIAS_H
#define TABLE_ALIAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/slice.h"

enum { ALIAS_TARGETS_MAX = 10000 };

enum alias_kind { ALIAS_ADDRESS, ALIAS_COMMAND, ALIAS_FILE, ALIAS_INCLUDE };

struct alias_target {
	enum alias_kind kind;
	bool final; /* an address that is not looked up as an alias again */
	/* canonical address, maybe without a domain; command or path without
	 * "|", ":include:" and quotes.  Ends in a NUL. */
	struct slice text;
};

struct alias {
	size_t n;
	struct alias_target *targets;
	/* Where reading failed: the line, and what stands there (borrowed).
	 * The list may be any file its reader can open, so the text itself
	 * goes to nobody but who edits it. */
	size_t line;
	struct slice bad;
};

/* Read a list; A lives in ARENA.  ERR_PERM says what is wrong, without a word
 * of the list; a->n is ALIAS_TARGETS_MAX when it has more. */
int alias_parse(
    struct slice list, struct arena *arena, struct alias *a, struct err *err);

/* Targets on their way between daemons (lookup_found): each one line. */
void alias_put(const struct alias_target *t, struct buf *out);
/* The next of them; T borrows from C.  False at the end; C has failed when
 * there is nonsense. */
bool alias_next(struct cur *c, struct alias_target *t);

/* For table/kind.h. */
int alias_check(struct slice key, struct slice value, struct err *err);

#endif
