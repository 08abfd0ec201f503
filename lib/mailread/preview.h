/* SPDX-License-Identifier: ISC */
/* PREVIEW (RFC 8970): the beginning of what a reader of the message would see.
 */
#ifndef MAILREAD_PREVIEW_H
#define MAILREAD_PREVIEW_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct mime_part;

enum { PREVIEW_BYTES = 256 * 4 }; /* of 256 characters */

/* The text part of ROOT that is shown first; NULL: none. */
const struct mime_part *preview_part(const struct mime_part *root);
/* Add at most 256 characters of TEXT (UTF-8) to OUT, white space as one space;
 * of HTML what is visible (html.h). */
void preview_put(struct buf *out, struct slice text, bool html);
/* That of the message in FD with the structure ROOT. */
int preview_read(
    struct buf *out, int fd, const struct mime_part *root, struct err *err);
/* The same text without an end after 256 characters: as far as 64 KiB of the
 * part have it. */
int preview_text(
    struct buf *out, int fd, const struct mime_part *root, struct err *err);

#endif
