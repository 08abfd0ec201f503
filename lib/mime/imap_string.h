/* SPDX-License-Identifier: ISC */
/* Strings as IMAP writes them (RFC 3501 4.3 and 9, RFC 9051). */
#ifndef MIME_IMAP_STRING_H
#define MIME_IMAP_STRING_H

#include "base/slice.h"

struct buf;

/* string: quoted when it may be (7 bits, no CR, LF, NUL, at most 1 KiB), else a
 * literal; NUL, which no literal holds, becomes 0x80. */
void imap_put_string(struct buf *out, struct slice s);
/* nstring: NIL when s.p is NULL */
void imap_put_nstring(struct buf *out, struct slice s);
/* astring: an atom where it is one */
void imap_put_astring(struct buf *out, struct slice s);
/* The same for who has enabled UTF-8 in quoted strings (RFC 9755, 9051). */
void imap_put_astring_utf8(struct buf *out, struct slice s);

#endif
