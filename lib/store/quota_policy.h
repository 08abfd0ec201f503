/* SPDX-License-Identifier: ISC */
/* What the configuration says of quotas beside how much: rules for mailboxes,
 * when the owner is warned, and the words of that. */
#ifndef STORE_QUOTA_POLICY_H
#define STORE_QUOTA_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ix_box;
struct quota_policy;
struct shared_conf;
struct store;

/* Of CONF's parameters, copied; NULL: one of them is invalid (ERR_PERM). */
struct quota_policy *quota_policy_new(
    const struct shared_conf *conf, struct err *err);
void quota_policy_free(struct quota_policy **p);
/* That of STORE; NULL: not configured. */
const struct quota_policy *quota_policy_of(const struct store *store);

struct quota_rule {
	bool ignore; /* its messages do not count */
	uint64_t extra_bytes;
	unsigned extra_percent;
};

/* The rule for B; NULL: none.  P may be NULL here and below: no parameter is
 * set. */
const struct quota_rule *quota_policy_rule(
    const struct quota_policy *p, const struct ix_box *b);
/* Is there a mailbox that does not count? */
bool quota_policy_ignores(const struct quota_policy *p);

/* The warning that mail was kept out; all others are thresholds in percent, and
 * 0 is none. */
enum { QUOTA_FULL = 1000, QUOTA_HYSTERESIS = 5 };

/* The highest threshold that PERCENT reaches. */
unsigned quota_policy_reached(const struct quota_policy *p, unsigned percent);
/* Of WARNED, what counts still when the use has come down to PERCENT. */
unsigned quota_policy_left(
    const struct quota_policy *p, unsigned warned, unsigned percent);
/* Is PERCENT so much that the owner hears of mail that was kept out? */
bool quota_policy_is_full(const struct quota_policy *p, unsigned percent);

/* What the message of a WARNING says, with words that begin with "$". */
const char *quota_policy_subject(
    const struct quota_policy *p, unsigned warning);
const char *quota_policy_text(const struct quota_policy *p, unsigned warning);
const char *quota_policy_postmaster(const struct quota_policy *p);

#endif
