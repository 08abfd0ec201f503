/* SPDX-License-Identifier: ISC */
#ifndef POLICY_APPLY_H
#define POLICY_APPLY_H

struct policy_question;
struct policy_rule;
struct policy_verdict;

/* R says V of Q: it counts, or would, and is logged. */
void policy_apply(struct policy_question *q, const struct policy_rule *r,
    const struct policy_verdict *v);

#endif
