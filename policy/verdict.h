/* SPDX-License-Identifier: ISC */
/* What a rule says, how seriously it is taken, and what follows of several. */
#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include <stdbool.h>

#include "base/words.h"
#include "ipc/verdict.h"

/* What a rule's verdict does. */
#define POLICY_MODES(W)                                                        \
	W(POLICY_OFF, "off")                                                   \
	W(POLICY_WARN, "warn")                                                 \
	W(POLICY_ENFORCE, "enforce")
enum policy_mode { POLICY_MODES(WORDS_ID) };

/* V, or OTHER where that weighs more. */
void policy_verdict_merge(
    struct policy_verdict *v, const struct policy_verdict *other);
/* Does no other rule count any more? */
bool policy_verdict_ends(const struct policy_verdict *v);

const char *policy_action_name(enum policy_action action);
const char *policy_mode_name(enum policy_mode mode);
const char *policy_stage_name(enum policy_stage stage);

#endif
