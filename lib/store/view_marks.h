/* SPDX-License-Identifier: ISC */
/*
 * The flags of all messages of a view, a byte for each: read from the index
 * when somebody asks for the first time, from then on the log tells what has
 * changed. So a search for flags alone costs next to nothing for a message.
 */
#ifndef STORE_VIEW_MARKS_H
#define STORE_VIEW_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct view;

enum { VIEW_MARK_GONE = 1 << 7 };

/* Bring them up to date, in steps (*MORE: call again). */
int view_mark(struct view *v, bool *more, struct err *err);
/* Then, until the next call that changes V: message SEQ's at [SEQ - 1], enum
 * message_flag, or VIEW_MARK_GONE where it is gone. */
const uint8_t *view_marks(const struct view *v);

#endif
