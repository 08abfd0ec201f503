/* SPDX-License-Identifier: ISC */
/* What is to be done with a client, a recipient, a message, as smtpd has it. */
#ifndef SMTPD_JUDGE_VERDICT_H
#define SMTPD_JUDGE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "ipc/policy.h"

enum { SMTPD_VERDICT_REPLY = 512 };

struct smtpd_verdict {
	enum policy_action action;
	char reply[SMTPD_VERDICT_REPLY]; /* smtpd_reply; not with accept */
};

/* Fill in V from what another daemon says: an action that is none becomes
 * defer, and what cannot stand in a reply of the action's class is left out of
 * it. */
void smtpd_verdict_read(struct smtpd_verdict *v, uint32_t action, uint32_t code,
    struct slice enhanced, struct slice text);
/* V, or OTHER where that weighs more. */
void smtpd_verdict_merge(
    struct smtpd_verdict *v, const struct smtpd_verdict *other);
/* Is it a reply of 4xx or 5xx, so that nobody else need be asked? */
bool smtpd_verdict_ends(const struct smtpd_verdict *v);

#endif
