/* SPDX-License-Identifier: ISC */
/* What DMARC found of a message, told to reporter.  Nobody waits for it. */
#ifndef POLICY_REPORT_H
#define POLICY_REPORT_H

#include <stdbool.h>

#include "base/slice.h"
#include "ipc/policy.h"
#include "ipc/reporter.h"

struct policy_auth;

struct policy_reported {
	struct slice client; /* its address */
	struct slice sender;
	bool is_report;            /* as it says of itself */
	enum policy_action action; /* that DMARC asks for */
	enum report_reason reason; /* why it is not done, */
	const char *comment;       /* in words; or NULL */
};

void policy_report_init(void);
/* Tell of the message, where its author's domain asks for reports. */
void policy_report_tell(
    const struct policy_auth *a, const struct policy_reported *r);

#endif
