/* SPDX-License-Identifier: ISC */
/* A view that goes on in another process. */
#ifndef STORE_VIEW_SAVE_H
#define STORE_VIEW_SAVE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct mailbox;
struct view;

/* V as text (decimal numbers), added to OUT; false: something of it is still to
 * be told. */
bool view_save(const struct view *v, struct buf *out);
/* A view of M, which stays open as long, as SAVED has it; what has happened in
 * M since, view_sync tells.  NULL: SAVED is no such text. */
struct view *view_restore(
    struct mailbox *m, unsigned flags, struct slice saved);

#endif
