/* SPDX-License-Identifier: ISC */
/* Small files that are read and written whole. */
#ifndef MAILDIR_TEXTFILE_H
#define MAILDIR_TEXTFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Append the regular file NAME to OUT, never through a link; what is a link, a
 * fifo or a device is ABSENT.  TEMPFAIL with ERR_CANNOT where it is a
 * directory, with ERR_TOO_BIG where it is more than OUT takes. */
enum found textfile_load(
    int dirfd, const char *name, struct buf *out, struct err *err);
/* Replace it, synced later with others; until then a power cut may leave it
 * empty.  durable_replace() is for the rest. */
int textfile_put(
    int dirfd, const char *name, struct slice text, struct err *err);
/* It is gone, on disk, when 0 comes back; it may be already.  Blocks. */
int textfile_remove(int dirfd, const char *name, struct err *err);

#endif
