/* SPDX-License-Identifier: ISC */
/* Which limits there are decides what is asked and told. */
#ifndef POLICY_RULES_LIMITS_H
#define POLICY_RULES_LIMITS_H

#include <stdbool.h>

struct policy_facts;

/* The stages at which some limit counts or is asked, of strangers or of who has
 * logged in. */
unsigned limits_stages(bool stranger);
/* What F is about was refused (POLICY_FAILED). */
void limits_failed(const struct policy_facts *f);

#endif
