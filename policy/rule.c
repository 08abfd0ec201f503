/* SPDX-License-Identifier: ISC */
#include "policy/rule.h"

#include "policy/conf.h"
#include "policy/rules/rules.h"

/* clang-format off */
const struct policy_rule policy_rules[POLICY_RULES] = {
#define RULE(name, run, stages, whom, text) \
	[POLICY_RULE_##name] = { #name, run, stages, whom, \
	    offsetof(struct policy_conf, name) },
#include "policy/rules.def" // IWYU pragma: keep
#undef RULE
};
/* clang-format on */

enum policy_mode
policy_rule_mode(const struct policy_rule *r)
{
	return *(
	    const enum policy_mode *)((const char *)policy_conf + r->mode_at);
}

unsigned
policy_rule_stages(bool stranger)
{
	unsigned stages = 0;

	for (size_t i = 0; i < POLICY_RULES; i++)
		if (policy_rule_mode(&policy_rules[i]) != POLICY_OFF &&
		    (stranger || policy_rules[i].whom == POLICY_EVERYBODY))
			stages |= policy_rules[i].stages;
	/* where a transaction begins is known by that */
	if (stages >> POLICY_RCPT != 0)
		stages |= 1U << POLICY_MAIL;
	return stages & ((1U << POLICY_STAGE_COUNT) - 1);
}
