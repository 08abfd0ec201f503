/* SPDX-License-Identifier: ISC */
/* Names of other users' mailboxes (RFC 2342): the namespace, then the owner
 * (without his domain where it is the visitor's own), then what he calls it. */
#ifndef IMAPD_RELAY_NAMES_H
#define IMAPD_RELAY_NAMES_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct buf;

/* Are there any, by the configuration? */
bool names_shared(void);
/* "Other Users". */
struct slice names_space(void);
/* Is NAME, or a pattern, the namespace or below it? */
bool names_below(struct slice name);
/* *OWNER: the address of whose mailbox NAME is for VISITOR; false: of nobody's,
 * not a mailbox's name. */
bool names_owner(struct slice name, struct slice visitor, struct arena *a,
    struct slice *owner);
/* "Other Users/alice": what VISITOR's names of OWNER's mailboxes begin with. */
void names_put(struct buf *out, struct slice owner, struct slice visitor);

#endif
