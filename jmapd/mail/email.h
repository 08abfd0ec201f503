/* SPDX-License-Identifier: ISC */
/* Emails and threads (RFC 8621 3, 4). */
#ifndef JMAPD_MAIL_EMAIL_H
#define JMAPD_MAIL_EMAIL_H

#include "jmapd/api/call.h"

extern const struct call_method email_get, mail_email_changes, thread_get,
    thread_changes;

#endif
