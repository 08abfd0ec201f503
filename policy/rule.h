/* SPDX-License-Identifier: ISC */
/*
 * The rules (rules.def).  A rule is a function that is called at the stages it
 * needs: it looks at the facts, at what it remembers of the session, and at DNS
 * answers.  What it wants of the DNS it gets from the session's set
 * (dns/answers.h): where an answer is missing it gives false, and is called
 * again from the start when it has come.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "policy/verdict.h"

struct policy_question;

enum policy_rule_id {
#define RULE(name, run, stages, whom, ...) POLICY_RULE_##name,
#include "policy/rules.def" // IWYU pragma: keep
#undef RULE
	POLICY_RULES
};

enum policy_whom {
	POLICY_STRANGERS, /* clients that are strangers (policy/facts.h) */
	POLICY_EVERYBODY,
};

struct policy_rule {
	const char *name; /* also of the parameter that is its mode */
	/* *V is all zero; false: answers of lookup are wanted first. */
	bool (*run)(struct policy_question *q, struct policy_verdict *v);
	unsigned stages; /* 1 << POLICY_CONNECT ... */
	enum policy_whom whom;
	size_t mode_at; /* in struct policy_conf */
	const char *text;
	/* May be NULL: asks the DNS for what it will need, and does no more. */
	void (*want)(struct policy_question *q);
	/* May be NULL: of its stages those that the configuration needs. */
	unsigned (*needs)(bool stranger);
	bool reads; /* it looks at the message, not only at its size */
};

extern const struct policy_rule policy_rules[POLICY_RULES];

/* As it is configured now. */
enum policy_mode policy_rule_mode(const struct policy_rule *r);
/* Is R called at STAGE? */
bool policy_rule_applies(
    const struct policy_rule *r, enum policy_stage stage, bool stranger);
/* Does rules_off say that mail of SERVICE is none of R's? */
bool policy_rule_is_off_at(const struct policy_rule *r, struct slice service);
/* Does a rule that is called at STAGE read the message? */
bool policy_rule_reads(enum policy_stage stage, bool stranger);
/* The stages at which some rule is called, for strangers or for others. */
unsigned policy_rule_stages(bool stranger);
/* Those at which one of them is enforced and not in optional_rules. */
unsigned policy_rule_needed(bool stranger);
/* ERR_PERM: optional_rules or rules_off has what is no rule. */
int policy_rule_check(struct err *err);

#endif
