/* SPDX-License-Identifier: ISC */
/*
 * Names of mailboxes and of their directories (Maildir++): INBOX is the
 * account's own directory, named "" here; "A/B" is ".A.B" with each level in
 * modified UTF-7.  A '.' within a level is encoded ("&AC4-").
 */
#ifndef MAILDIR_NAME_H
#define MAILDIR_NAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum { NAME_LIMIT = 500, NAME_DIR_LIMIT = 255 };
/* MAILBOXID (RFC 8474), with its NUL. */
enum { MAILBOX_ID_SIZE = 33 };

/* Write the one spelling of NAME (INBOX in capitals); false when no mailbox
 * can be called so. */
bool name_normal(struct buf *out, struct slice name);
/* NAME in its one spelling. */
bool name_to_dir(struct buf *dir, struct slice name);
/* False when DIR is no mailbox's directory.  Levels that are UTF-8 as they
 * stand are taken so. */
bool name_from_dir(struct buf *name, struct slice dir);
bool name_is_inbox(struct slice name);
/* CHILD lies below PARENT, at any depth. */
bool name_below(struct slice child, struct slice parent);
/* The order of names in a list: INBOX first, then level by level. */
int name_cmp(struct slice a, struct slice b);

#endif
