/* SPDX-License-Identifier: ISC */
/*
 * mboxrd: each message behind a line "From SENDER DATE", an empty line at its
 * end, and a ">" before each of its own lines that is "From " or that with ">"
 * before it.  Flags are where mail programs have them: fields Status, X-Status
 * and X-Keywords, which our own files have before all others.
 */
#ifndef CTL_ARCHIVE_MBOX_WRITE_H
#define CTL_ARCHIVE_MBOX_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct mbox_writer {
	bool line_begins;
	size_t arrows, from; /* held back at the start of a line */
};

void mbox_begin(struct mbox_writer *w, struct buf *out, int64_t date_s,
    unsigned flags, struct slice keywords);
void mbox_put(struct mbox_writer *w, struct buf *out, struct slice piece);
void mbox_end(struct mbox_writer *w, struct buf *out);

#endif
