/* SPDX-License-Identifier: ISC */
/*
 * Sieve scripts in a tar, as Pigeonhole and lib/sievestore have them:
 * sieve/NAME.sieve, and the link (or the file) .dovecot.sieve.
 */
#ifndef CTL_MOVE_SCRIPTS_H
#define CTL_MOVE_SCRIPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct asowner;
struct buf;
struct move_scripts; /* an import */

/* All scripts of the account to OUT, and which one is active. */
int move_scripts_put(
    const struct asowner *o, struct buf *out, int64_t now_s, struct err *err);

/* NULL: the account's cannot be had. */
struct move_scripts *move_scripts_begin(struct asowner *o, struct err *err);
/* How many came in. */
int64_t move_scripts_taken(const struct move_scripts *s);
void move_scripts_free(struct move_scripts **s);
/* Is PATH of a tar one of these? */
bool move_scripts_is(struct slice path);
/* The file PATH has TEXT; the link PATH leads to TARGET.  What is here already
 * stays as it is. */
int move_scripts_take(struct move_scripts *s, struct slice path,
    struct slice text, struct err *err);
/* It has more than any script has. */
void move_scripts_too_long(struct move_scripts *s, struct slice path);
void move_scripts_link(
    struct move_scripts *s, struct slice path, struct slice target);
/* All were there: one is active that was, where none is here. */
int move_scripts_end(struct move_scripts *s, struct err *err);

#endif
