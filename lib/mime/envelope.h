/* SPDX-License-Identifier: ISC */
/* The ENVELOPE of IMAP: what a header says of who wrote to whom, and when (RFC
 * 3501 7.4.2, RFC 9051), to the letter. */
#ifndef MIME_ENVELOPE_H
#define MIME_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;

/* Is a field called NAME part of the ENVELOPE? */
bool mime_envelope_wants(struct slice name);
/* The parenthesised envelope of HEADER; at most MAX addresses a field. Sender
 * and Reply-To are From's where missing or empty. */
void mime_put_envelope(struct buf *out, struct slice header, size_t max);

#endif
