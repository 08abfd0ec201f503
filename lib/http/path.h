/* SPDX-License-Identifier: ISC */
/* Paths of targets. */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* PATH, which begins with "/", percent-decoded into OUT, which is empty (RFC
 * 3986 2.1).  False: it is not UTF-8 then, or has in it what would lead
 * elsewhere in a file system: an empty segment but the last, one that begins
 * with a dot but
 * ".well-known", a slash that was encoded, a backslash, a control character. */
bool http_path_decode(struct slice path, struct buf *out);

#endif
