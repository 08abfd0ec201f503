/* SPDX-License-Identifier: ISC */
/* TLS-Required: No (RFC 8689 3): its sender would rather have a message go on
 * than be protected by what the recipient's domain publishes. */
#ifndef SMTP_ROUTE_WAIVER_H
#define SMTP_ROUTE_WAIVER_H

#include <stdbool.h>

#include "base/slice.h"

struct smtp_job;

/* Does the header HEAD say so, in the one field that there may be? */
bool smtp_waiver_said(struct slice head);
/* May JOB's message go where DANE or MTA-STS would keep it from?  Its header is
 * read the first time.  REQUIRETLS counts before the field (4.1). */
bool smtp_waiver(struct smtp_job *job);

#endif
