/* SPDX-License-Identifier: ISC */
/* Names of mailboxes that are to be made, and the mailboxes that are shown
 * before they are (maildir/special.h). */
#ifndef STORE_MAILBOX_MAKE_H
#define STORE_MAILBOX_MAKE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "maildir/name.h"

struct account;
struct tx;

/* The one spelling of NAME and its directory; ERR_PERM [CANNOT]. */
int mailbox_make_name(struct slice name, struct buf *normal,
    char dir[NAME_DIR_LIMIT + 1], struct err *err);
/* Is NAME a default mailbox that is shown? */
enum found mailbox_make_is_shown(
    struct account *a, struct slice name, struct err *err);
/* ERR_PERM [ALREADYEXISTS] where NAME is shown already. */
int mailbox_make_refuse_shown(
    struct account *a, struct slice name, struct err *err);
/* Is NAME one that is shown?  Then make it, if it is not there. */
enum found mailbox_make_shown(
    struct account *a, struct slice name, struct err *err);
/* Show the default mailbox NAME or not: its owner does not want it. */
int mailbox_make_show(
    struct tx *tx, struct slice name, bool on, struct err *err);
/* What was to be done to it has failed. */
void mailbox_make_show_again(struct account *a, struct slice name);

#endif
