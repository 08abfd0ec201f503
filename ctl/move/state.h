/* SPDX-License-Identifier: ISC */
/*
 * What was imported of a foreign server's folders: the file pabal-import in the
 * account, replaced as a whole.
 *
 *     pabal-import 1
 *     source alice@imap.example.org
 *     folder <UIDVALIDITY> <next UID> <mod-sequence> <kept> <name there>
 *     missing <UID> ...
 *
 * All UIDs below the next one were looked at; those that are missing could not
 * be had and are tried again.  The file may be behind what is in the mailbox
 * (a crash), never before it: what is there already is known by its EMAILID.
 */
#ifndef CTL_MOVE_STATE_H
#define CTL_MOVE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { MOVE_MISSING_MAX = 1000 };

struct move_record {
	struct slice source, name;
	uint32_t uidvalidity;
	uint32_t next;
	uint64_t modseq;
	bool kept; /* UIDs and UIDVALIDITY are those of the server */
	uint32_t *missing;
	size_t nmissing;
	struct move_record *after;
};

struct move_state {
	int dirfd; /* the account's */
	struct arena arena;
	struct move_record *first, **last;
};

/* A file that is not there is an empty one; one of another form ERR_PERM. */
int move_state_load(struct move_state *s, int dirfd, struct err *err);
void move_state_fini(struct move_state *s);
/* On disk when 0 comes back. */
int move_state_save(const struct move_state *s, struct err *err);
struct move_record *move_state_find(
    const struct move_state *s, struct slice source, struct slice name);
/* A new one, which nothing is known of. */
struct move_record *move_state_add(
    struct move_state *s, struct slice source, struct slice name);
/* UID could not be had.  False: those are too many. */
bool move_state_miss(struct move_record *r, uint32_t uid);

/* The format. */
int move_state_parse(struct move_state *s, struct slice text, struct err *err);

#endif
