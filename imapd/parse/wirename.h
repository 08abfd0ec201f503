/* SPDX-License-Identifier: ISC */
/*
 * Mailbox names on the wire (modified UTF-7, RFC 3501 5.1.3; hierarchy
 * delimiter by parameter) and as the store has them (UTF-8, '/').
 */
#ifndef IMAPD_PARSE_WIRENAME_H
#define IMAPD_PARSE_WIRENAME_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

/* Add the store's name for WIRE; false when it is no name.  UTF-8 that was
 * sent as it stands is understood, too. */
bool wirename_from_wire(
    struct buf *out, struct slice wire, char delimiter, bool utf8);
/* Add NAME as it goes over the wire, not yet quoted. */
void wirename_to_wire(struct buf *out, struct slice name, char delimiter);
/* The same as an astring. */
void wirename_put(
    struct buf *out, struct slice name, char delimiter, bool utf8);

/* Does NAME match a LIST pattern, both as the store has them: "%" any text
 * without '/', "*" any text?  INBOX matches in any case.  Time is at most
 * the product of both lengths. */
bool wirename_match(struct slice pattern, struct slice name);

#endif
