/* SPDX-License-Identifier: ISC */
/* What policy says of a message (ipc/reporter.h), as a report has it. */
#ifndef REPORTER_ROW_H
#define REPORTER_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct aggregate_about;
struct msg_report_dmarc;

/* May S stand in a subject and in the name of a file? */
bool row_is_domain(struct slice s);
/* A record of a report (report/aggregate.h), without its count.  False: policy
 * does not say such things. */
bool row_put(
    const struct msg_report_dmarc *m, struct buf *out, size_t *count_at);
/* What goes with its domain: the policy, and where reports go.  And read. */
void row_put_about(const struct msg_report_dmarc *m, struct buf *out);
void row_get_about(
    struct slice text, struct aggregate_about *about, struct slice *rua);

#endif
