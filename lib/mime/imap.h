/* SPDX-License-Identifier: ISC */
/*
 * What IMAP says of a message's structure (RFC 3501 7.4.2 and 9, RFC 9051),
 * rendered to the letter: NIL is absent, "" is empty, what cannot be quoted
 * becomes a literal.
 */
#ifndef MIME_IMAP_H
#define MIME_IMAP_H

#include <stdbool.h>

struct buf;
struct mime_part;

/* BODY (basic fields) or BODYSTRUCTURE (EXTENDED) of PART and all in it. */
void imap_put_body(
    struct buf *out, const struct mime_part *part, bool extended);

#endif
