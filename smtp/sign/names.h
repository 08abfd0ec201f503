/* SPDX-License-Identifier: ISC */
/* Which fields of a header a signature is over (RFC 6376 5.4). */
#ifndef SMTP_SIGN_NAMES_H
#define SMTP_SIGN_NAMES_H

#include <stddef.h>

#include "base/slice.h"
#include "dkim/message.h"

enum { SMTP_SIGN_NAMES_MAX = 128 };

/* Each of the fields that tell who says what to whom, as often as it is there,
 * at most four times; of those that a reader is shown once more, so that none
 * can be put in front.  Gives how many NAMES has. */
size_t smtp_sign_names(
    const struct dkim_message *m, struct slice names[SMTP_SIGN_NAMES_MAX]);

#endif
