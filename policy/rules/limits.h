/* SPDX-License-Identifier: ISC */
/* What the limits of failures count. */
#ifndef POLICY_RULES_LIMITS_H
#define POLICY_RULES_LIMITS_H

struct policy_facts;

/* A rule has refused what F is about. */
void limits_failed(const struct policy_facts *f);

#endif
