/* SPDX-License-Identifier: ISC */
/* The functions of policy/rules.def. */
#ifndef POLICY_RULES_RULES_H
#define POLICY_RULES_RULES_H

#include <stdbool.h>

struct policy_question;
struct policy_verdict;

#define RULE(name, run, stages, whom, ...)                                     \
	bool run(struct policy_question *q, struct policy_verdict *v);
#include "policy/rules.def" // IWYU pragma: keep
#undef RULE

#endif
