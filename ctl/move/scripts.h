/* SPDX-License-Identifier: ISC */
/*
 * Sieve scripts in a tar, as Pigeonhole and lib/sievestore have them:
 * sieve/NAME.sieve, and the link (or the file) .dovecot.sieve.
 */
#ifndef CTL_MOVE_SCRIPTS_H
#define CTL_MOVE_SCRIPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "sievestore/place.h"
#include "sievestore/scripts.h"

struct asowner;
struct buf;

/* An import. */
struct move_scripts {
	struct asowner *owner;
	struct sievestore store;
	struct sievestore_limits limits;
	struct arena arena;
	struct map names;    /* of files that have another name than theirs */
	struct slice active; /* a file's, as the link says; empty: none */
	int64_t taken, left_out;
};

/* All scripts of the account to OUT, and which one is active. */
int move_scripts_put(
    const struct asowner *o, struct buf *out, int64_t now_s, struct err *err);

int move_scripts_begin(
    struct move_scripts *s, struct asowner *o, struct err *err);
void move_scripts_fini(struct move_scripts *s);
/* Is PATH of a tar one of these? */
bool move_scripts_is(struct slice path);
/* The file PATH has TEXT; a link leads to TARGET.  What is here already stays
 * as it is. */
int move_scripts_take(struct move_scripts *s, struct slice path,
    struct slice text, struct err *err);
void move_scripts_link(struct move_scripts *s, struct slice target);
/* All were there: one is active that was, where none is here. */
int move_scripts_end(struct move_scripts *s, struct err *err);

#endif
