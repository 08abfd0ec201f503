/* SPDX-License-Identifier: ISC */
/* The mail that a report is in (RFC 9990 3.5, RFC 8460 5.3). */
#ifndef REPORTER_LETTER_H
#define REPORTER_LETTER_H

#include "base/buf.h"
#include "ipc/reporter.h"
#include "report/aggregate.h"

/* Who this host is in its reports. */
struct slice letter_organization(void);
struct slice letter_contact(void);

/* The id of the report of KIND on DOMAIN that begins at BEGIN_S: the same each
 * time. */
void letter_id(enum report_kind kind, struct slice domain, int64_t begin_s,
    struct buf *out);
/* The mail with the report ABOUT of KIND, FILE (gzip), for TO (lines of
 * addresses). */
void letter_put(struct buf *out, enum report_kind kind,
    const struct aggregate_about *about, struct slice file, struct slice to);

#endif
