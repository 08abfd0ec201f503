/* SPDX-License-Identifier: ISC */
/* What a header field says to who searches in it. */
#ifndef IMAPD_MESSAGE_FIELDTEXT_H
#define IMAPD_MESSAGE_FIELDTEXT_H

#include "base/slice.h"

struct buf;
struct header_field;

/* Add the value of F to OUT in UTF-8: encoded words are decoded, raw bytes are
 * of CHARSET (mime/word.h); parameters in pieces or in a charset of their own
 * (RFC 2231) follow behind it once more, whole and decoded. */
void fieldtext_put(
    struct buf *out, const struct header_field *f, struct slice charset);

#endif
