/* SPDX-License-Identifier: ISC */
/*
 * What IMAP says of a message's structure (RFC 3501 7.4.2 and 9, RFC 9051),
 * rendered to the letter: NIL is absent, "" is empty, what cannot be quoted
 * becomes a literal.
 */
#ifndef MIME_IMAP_H
#define MIME_IMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct mime_part;

/* string: quoted when it may be (7 bits, no CR, LF, NUL, at most 1 KiB), else a
 * literal; NUL, which no literal holds, becomes 0x80. */
void imap_put_string(struct buf *out, struct slice s);
/* nstring: NIL when s.p is NULL */
void imap_put_nstring(struct buf *out, struct slice s);
/* astring: an atom where it is one */
void imap_put_astring(struct buf *out, struct slice s);

/* Is a field called NAME part of the ENVELOPE? */
bool mime_envelope_wants(struct slice name);
/* The parenthesised envelope of HEADER; at most MAX addresses a field. Sender
 * and Reply-To are From's where missing or empty. */
void mime_put_envelope(struct buf *out, struct slice header, size_t max);

/* BODY (basic fields) or BODYSTRUCTURE (EXTENDED) of PART and all in it. */
void imap_put_body(
    struct buf *out, const struct mime_part *part, bool extended);

#endif
