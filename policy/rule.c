/* SPDX-License-Identifier: ISC */
#include "policy/rule.h"

#include "policy/conf.h"
#include "policy/rules/greylist.h"
#include "policy/rules/limits.h"
#include "policy/rules/rules.h"
#include "policy/rules/wants.h"

/* clang-format off */
const struct policy_rule policy_rules[POLICY_RULES] = {
#define RULE(rule, function, when, of, ...) \
	[POLICY_RULE_##rule] = { .name = #rule, .run = function, \
	    .stages = when, .whom = of, \
	    .mode_at = offsetof(struct policy_conf, rule), .text = __VA_ARGS__ },
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

/* The stages at which R is called. */
static unsigned
stages_of(const struct policy_rule *r, bool stranger)
{
	if (policy_rule_mode(r) == POLICY_OFF ||
	    (!stranger && r->whom == POLICY_STRANGERS))
		return 0;
	return r->needs != NULL ? r->stages & r->needs(stranger) : r->stages;
}

bool
policy_rule_applies(
    const struct policy_rule *r, enum policy_stage stage, bool stranger)
{
	return (stages_of(r, stranger) & 1U << stage) != 0;
}

unsigned
policy_rule_stages(bool stranger)
{
	unsigned stages = 0;

	for (size_t i = 0; i < POLICY_RULES; i++)
		stages |= stages_of(&policy_rules[i], stranger);
	/* where a transaction begins is known by that */
	if ((stages & (1U << POLICY_RCPT | 1U << POLICY_MESSAGE)) != 0)
		stages |= 1U << POLICY_MAIL;
	return stages;
}
