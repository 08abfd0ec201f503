/* SPDX-License-Identifier: ISC */
/* What DMARC found of a message, told to reporter. */
#ifndef POLICY_REPORT_H
#define POLICY_REPORT_H

#include <stdbool.h>

#include "ipc/reporter.h"
#include "policy/auth.h"

struct policy_question;

void policy_report_init(void);
/* Tell of Q's message, where its author's domain asks for reports: R is what
 * DMARC asks for.  REASON, with COMMENT: why it is not done. */
void policy_report_tell(const struct policy_question *q,
    const struct policy_auth_result *r, enum report_reason reason,
    const char *comment);

#endif
