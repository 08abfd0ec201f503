/* SPDX-License-Identifier: ISC */
#include "policy/metrics.h"

#include <stdio.h>

#include "log/metric.h"

static struct {
	struct metric asked;
	struct metric verdicts[POLICY_ACTION_COUNT]; /* enforced */
	struct metric warnings[POLICY_ACTION_COUNT];
	char asked_label[64];
	char labels[POLICY_ACTION_COUNT][96];
} rules[POLICY_RULES];

static void
name_action(size_t rule, unsigned action)
{
	const char *name = policy_rules[rule].name;
	const char *word = policy_action_name((enum policy_action)action);

	snprintf(rules[rule].labels[action], sizeof rules[rule].labels[action],
	    "rule=\"%s\",action=\"%s\"", name, word);
	rules[rule].verdicts[action] = (struct metric){
		.name = "pabal_policy_verdicts",
		.help = "What rules have decided.",
		.labels = rules[rule].labels[action],
	};
	rules[rule].warnings[action] = (struct metric){
		.name = "pabal_policy_warnings",
		.help = "What rules would have decided that are set to warn.",
		.labels = rules[rule].labels[action],
	};
	metric_register(&rules[rule].verdicts[action]);
	metric_register(&rules[rule].warnings[action]);
}

void
policy_metrics_init(void)
{
	for (size_t i = 0; i < POLICY_RULES; i++) {
		snprintf(rules[i].asked_label, sizeof rules[i].asked_label,
		    "rule=\"%s\"", policy_rules[i].name);
		rules[i].asked = (struct metric){
			.name = "pabal_policy_asked",
			.help = "Times that a rule was asked.",
			.labels = rules[i].asked_label,
		};
		metric_register(&rules[i].asked);
		for (unsigned a = POLICY_ACCEPT + 1; a < POLICY_ACTION_COUNT;
		     a++)
			name_action(i, a);
	}
}

void
policy_metrics_verdict(const struct policy_rule *r, enum policy_action action,
    enum policy_mode mode)
{
	const size_t i = (size_t)(r - policy_rules);

	metric_add(&rules[i].asked, 1);
	if (action != POLICY_ACCEPT)
		metric_add(mode == POLICY_ENFORCE ? &rules[i].verdicts[action]
						  : &rules[i].warnings[action],
		    1);
}
