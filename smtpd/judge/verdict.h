/* SPDX-License-Identifier: ISC */
/* What is to be done with a client, a recipient, a message, as smtpd has it. */
#ifndef SMTPD_JUDGE_VERDICT_H
#define SMTPD_JUDGE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/policy.h"

enum { SMTPD_VERDICT_REPLY = 512, SMTPD_VERDICT_WHY = 256 };

/* All zero: nothing is to be done. */
struct smtpd_verdict {
	enum policy_action action;
	char reply[SMTPD_VERDICT_REPLY]; /* smtpd_reply, of 4xx or 5xx */
	bool junk, hold;                 /* quarantine and hold, of any */
	char why[SMTPD_VERDICT_WHY];     /* it is to be held; may be empty */
	struct buf front;                /* queue/front.h */
};

/* Fill in V (all zero) from what another daemon says: no action is defer; what
 * cannot stand in a reply of its class, and what are no fields, is left out. */
void smtpd_verdict_read(struct smtpd_verdict *v, uint32_t action, uint32_t code,
    struct slice enhanced, struct slice text, struct slice front);
/* Add OTHER to V: the heavier action, and all fields. */
void smtpd_verdict_merge(
    struct smtpd_verdict *v, const struct smtpd_verdict *other);
/* Is it a reply of 4xx or 5xx, so that nobody else need be asked? */
bool smtpd_verdict_ends(const struct smtpd_verdict *v);
void smtpd_verdict_fini(struct smtpd_verdict *v);

#endif
