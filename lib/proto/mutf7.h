/* SPDX-License-Identifier: ISC */
/* Modified UTF-7 (RFC 3501 5.1.3): mailbox names on the wire of IMAP4rev1 and
 * in the names of Maildir++ directories. */
#ifndef PROTO_MUTF7_H
#define PROTO_MUTF7_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* False when TEXT is not UTF-8; OUT then holds a part.  Characters of ALSO
 * (ASCII; may be NULL) are encoded although they need not be. */
bool mutf7_encode(struct buf *out, struct slice text, const char *also);
/* False when IN is not modified UTF-7, or holds a control character; OUT then
 * holds a part.  Superfluous encodings are accepted. */
bool mutf7_decode(struct buf *out, struct slice in);

#endif
