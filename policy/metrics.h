/* SPDX-License-Identifier: ISC */
/* What policy counts, for each rule. */
#ifndef POLICY_METRICS_H
#define POLICY_METRICS_H

#include "policy/rule.h"

void policy_metrics_init(void);
/* R was asked, in MODE, and says ACTION. */
void policy_metrics_verdict(const struct policy_rule *r,
    enum policy_action action, enum policy_mode mode);

#endif
