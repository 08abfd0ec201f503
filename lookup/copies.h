/* SPDX-License-Identifier: ISC */
/* Who else gets a message, by the table bcc (table/mapping.h). */
#ifndef LOOKUP_COPIES_H
#define LOOKUP_COPIES_H

#include "base/err.h"
#include "base/slice.h"

struct buf;

enum lookup_copies { LOOKUP_COPIES_SENDER, LOOKUP_COPIES_RECIPIENT };

/* Add the addresses of the narrowest entry for ADDRESS (lines) to OUT: its own,
 * without its detail, that of its domain. */
enum found lookup_copies(
    enum lookup_copies by, struct slice address, struct buf *out);
/* Those that each message has. */
enum found lookup_copies_always(struct buf *out);

#endif
