/* SPDX-License-Identifier: ISC */
/* What a scanner has said of a message, for spamtest and virustest (RFC 5235).
 */
#ifndef SIEVERUN_SCORES_H
#define SIEVERUN_SCORES_H

#include "base/err.h"
#include "sieve/env.h"

struct task;

/* ERR_PERM: spamtest_texts or virustest_texts has something else. */
int scores_check(struct err *err);
/* That of T's message; ABSENT: nobody has said anything. */
enum found scores_get(
    const struct task *t, enum sieve_score_kind kind, unsigned *score);

#endif
