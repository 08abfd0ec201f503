/* SPDX-License-Identifier: ISC */
/* Mailboxes (RFC 8621 2). */
#ifndef JMAPD_MAIL_BOXES_H
#define JMAPD_MAIL_BOXES_H

#include "jmapd/api/call.h"

extern const struct call_method boxes_get, boxes_changes, boxes_query,
    boxes_query_changes;

#endif
