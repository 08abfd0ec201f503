/* SPDX-License-Identifier: ISC */
/*
 * What the index keeps of a message: ENVELOPE, header fields, tree of parts.
 * Made where a message comes in (smtpd, APPEND) or is first asked for; read by
 * imapd. A record that is damaged or of another version is made anew.
 */
#ifndef MIME_RECORD_H
#define MIME_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;
struct mime_tree;

void mime_record_put(struct buf *out, const struct mime_tree *t);
/* The rendered ENVELOPE in BLOB, or what is kept of the header (mime/fields.h),
 * borrowed; false when BLOB is none of ours. */
bool mime_record_envelope(struct slice blob, struct slice *envelope);
bool mime_record_header(struct slice blob, struct slice *fields);
/* The tree, whose root has the envelope; its slices borrow from BLOB.  NULL
 * when BLOB is none of ours. */
struct mime_tree *mime_record_tree(struct slice blob);

/* The Date of a rendered envelope in seconds since 1970; 0: none. */
int64_t mime_record_sent(struct slice envelope);
/* An envelope's text for search, as it stands in the header (not decoded).
 * Addresses are written "name <mailbox@host>", with commas between. */
struct mime_envelope {
	struct slice date, subject, from, sender, reply_to, to, cc, bcc,
	    in_reply_to, message_id;
};
/* Take a rendered ENVELOPE apart, memory from A; false when it is none. */
bool mime_record_fields(
    struct arena *a, struct slice envelope, struct mime_envelope *e);

#endif
