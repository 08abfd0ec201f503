/* SPDX-License-Identifier: ISC */
/* What smtp says of a session (ipc/reporter.h), as a TLS report has it. */
#ifndef REPORTER_TLSROW_H
#define REPORTER_TLSROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct msg_report_tls;

/* A row of a report (report/tlsreport.h).  False: smtp does not say such
 * things. */
bool tlsrow_put(const struct msg_report_tls *m, struct buf *out, size_t *group,
    size_t *count_at);

#endif
