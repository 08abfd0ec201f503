/* SPDX-License-Identifier: ISC */
/* Who hears that annotations changed (RFC 5464 4.4.2, RFC 5465 5.6, 5.7). */
#ifndef IMAPD_NOTIFY_ANNOTATIONS_H
#define IMAPD_NOTIFY_ANNOTATIONS_H

#include <stddef.h>

#include "base/slice.h"

struct session;

/* ENTRIES of MAILBOX (.p NULL: of the server) were changed by BY: others hear
 * of it. */
void notify_metadata(struct session *by, struct slice mailbox,
    const struct slice *entries, size_t n);

#endif
