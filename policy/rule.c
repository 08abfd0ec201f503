/* SPDX-License-Identifier: ISC */
#include "policy/rule.h"

#include "conf/values.h"
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

/* What only warns need not be there. */
static bool
is_needed(const struct policy_rule *r)
{
	return policy_rule_mode(r) == POLICY_ENFORCE &&
	       !conf_list_has(&policy_conf->optional_rules, slice_str(r->name));
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

/* *SERVICE and the rule of "SERVICE:RULE". */
static struct slice
split_off(const char *text, struct slice *service)
{
	struct slice rule;

	*service = slice_cut(slice_str(text), ':', &rule);
	return rule;
}

bool
policy_rule_is_off_at(const struct policy_rule *r, struct slice service)
{
	for (size_t i = 0; i < policy_conf->rules_off.n; i++) {
		struct slice at;
		const struct slice rule =
		    split_off(policy_conf->rules_off.v[i], &at);

		if (slice_iis(rule, r->name) && slice_eq(at, service))
			return true;
	}
	return false;
}

bool
policy_rule_reads(enum policy_stage stage, bool stranger)
{
	for (size_t i = 0; i < POLICY_RULES; i++)
		if (policy_rules[i].reads &&
		    policy_rule_applies(&policy_rules[i], stage, stranger))
			return true;
	return false;
}

/* Of all of them, or of those that mail waits for. */
static unsigned
stages_of_all(bool stranger, bool needed)
{
	unsigned stages = 0;

	for (size_t i = 0; i < POLICY_RULES; i++)
		if (!needed || is_needed(&policy_rules[i]))
			stages |= stages_of(&policy_rules[i], stranger);
	/* where a transaction begins is known by that */
	if ((stages & (1U << POLICY_RCPT | 1U << POLICY_MESSAGE)) != 0)
		stages |= 1U << POLICY_MAIL;
	return stages;
}

unsigned
policy_rule_stages(bool stranger)
{
	return stages_of_all(stranger, false);
}

unsigned
policy_rule_needed(bool stranger)
{
	return stages_of_all(stranger, true);
}

static bool
is_rule(struct slice name)
{
	for (size_t i = 0; i < POLICY_RULES; i++)
		if (slice_iis(name, policy_rules[i].name))
			return true;
	return false;
}

int
policy_rule_check(struct err *err)
{
	const struct conf_list *list = &policy_conf->optional_rules;
	const struct conf_list *off = &policy_conf->rules_off;
	struct slice at;

	for (size_t i = 0; i < list->n; i++)
		if (!is_rule(slice_str(list->v[i])))
			return err_set(err, ERR_PERM,
			    "optional_rules: there is no rule %s", list->v[i]);
	for (size_t i = 0; i < off->n; i++)
		if (!is_rule(split_off(off->v[i], &at)) || at.n == 0)
			return err_set(err, ERR_PERM,
			    "rules_off: %s is not SERVICE:RULE", off->v[i]);
	return 0;
}
