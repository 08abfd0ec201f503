/* SPDX-License-Identifier: ISC */
#include "policy/verdict.h"

void
policy_verdict_merge(
    struct policy_verdict *v, const struct policy_verdict *other)
{
	if (other->action > v->action)
		*v = *other;
}

bool
policy_verdict_ends(const struct policy_verdict *v)
{
	return v->action >= POLICY_DEFER;
}

const char *
policy_action_name(enum policy_action action)
{
	static const char *const names[] = { POLICY_ACTIONS(WORDS_TEXT) };

	return names[action];
}

const char *
policy_mode_name(enum policy_mode mode)
{
	static const char *const names[] = { POLICY_MODES(WORDS_TEXT) };

	return names[mode];
}

const char *
policy_stage_name(enum policy_stage stage)
{
	static const char *const names[] = { POLICY_STAGES(WORDS_TEXT) };

	return names[stage];
}
