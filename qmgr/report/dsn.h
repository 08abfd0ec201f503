/* SPDX-License-Identifier: ISC */
/* The text of a report: a multipart/report (RFC 3462) with a notice for people,
 * a status for programs (RFC 3464, RFC 6533), and what is returned. */
#ifndef QMGR_REPORT_DSN_H
#define QMGR_REPORT_DSN_H

#include "qmgr/queue/notify.h"

struct message;

struct buf;

/* Out of reach: ENVELOPE_MAX_RCPTS statuses of at most 3 KiB, and a message
 * within bounce_size_limit. */
enum { DSN_MAX_BYTES = 512 << 20 };

/* Add the report of KIND on M, whose own queue id is ID. */
void dsn_add(
    struct buf *b, const struct message *m, enum notify kind, const char *id);

#endif
