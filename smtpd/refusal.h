/* SPDX-License-Identifier: ISC */
/* Replies for recipients who reject a message. */
#ifndef SMTPD_REFUSAL_H
#define SMTPD_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

/* That for recipient NUMBER of REFUSED (queue/refusal.h) to OUT, as smtpd_reply
 * takes it, with PREFIX before its first line; false: he does not reject it.
 * The words are whoever's wrote the recipient's script, or the message; UTF8:
 * the client reads that. */
bool smtpd_refusal_reply(struct slice refused, uint32_t number,
    struct slice prefix, bool utf8, struct buf *out);

#endif
