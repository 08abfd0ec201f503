/* SPDX-License-Identifier: ISC */
/* Methods that change an account, which cannot be changed over JMAP yet: the
 * Session object says so (isReadOnly), and they are answered with
 * accountReadOnly (RFC 8620 3.6.2). */
#ifndef JMAPD_MAIL_READONLY_H
#define JMAPD_MAIL_READONLY_H

#include "jmapd/api/call.h"

extern const struct call_method readonly_mailbox_set, readonly_email_set,
    readonly_email_copy, readonly_email_import;

#endif
