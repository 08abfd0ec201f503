/* SPDX-License-Identifier: ISC */
/* What a header field says to who searches in it. */
#ifndef TEXT_FIELDTEXT_H
#define TEXT_FIELDTEXT_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct header_field;

/* Add the value of F to OUT in UTF-8: encoded words are decoded, raw bytes are
 * of CHARSET (mime/word.h); parameters in pieces or in a charset of their own
 * (RFC 2231) follow behind it once more, whole and decoded. */
void fieldtext_put(
    struct buf *out, const struct header_field *f, struct slice charset);
/* The same of RAW, a value that an ENVELOPE has: raw bytes that are no UTF-8
 * are of the charset that the message declares, by its RECORD (mime/record.h).
 */
void fieldtext_decode(struct buf *out, struct slice raw, struct slice record);
/* Is RAW what it decodes to?  ASCII, nothing of it encoded. */
bool fieldtext_is_plain(struct slice raw);

#endif
