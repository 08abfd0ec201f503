/* SPDX-License-Identifier: ISC */
/* A view that goes on in another process. */
#ifndef STORE_VIEW_SAVE_H
#define STORE_VIEW_SAVE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct mailbox;
struct view;

/* V as text (decimal numbers); false: something of it is still to be told.
 * What the text says of M is what view_restore makes of it, though M has
 * changed since: view_sync tells that.  NULL: it is no such text. */
bool view_save(const struct view *v, struct buf *out);
struct view *view_restore(
    struct mailbox *m, unsigned flags, struct slice saved);

#endif
