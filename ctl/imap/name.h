/* SPDX-License-Identifier: ISC */
#ifndef CTL_IMAP_NAME_H
#define CTL_IMAP_NAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* The path (UTF-8, '/' between levels) of a folder that a server calls NAME,
 * with DELIMITER between levels (0: it has none) and PREFIX before those of the
 * user (RFC 2342): in modified UTF-7, or UTF-8 as it stands.  A '/' within a
 * level becomes '_'.  False: it is none. */
bool imap_name_path(
    struct buf *out, struct slice name, char delimiter, struct slice prefix);
/* NAME as a quoted string; false where none can have it. */
bool imap_name_quote(struct buf *out, struct slice name);

#endif
