/* SPDX-License-Identifier: ISC */
/* Judges are asked about what a whole session waits for (judge.h). */
#ifndef SMTPD_JUDGE_SESSION_H
#define SMTPD_JUDGE_SESSION_H

#include <stdbool.h>

#include "base/slice.h"
#include "smtpd/judge/verdict.h"

struct smtpd_session;

/* Ask about S, whose mode is SMTPD_WAIT from now to THEN, which runs once and
 * never from inside.  False: nobody wants to be asked. */
bool smtpd_judge_session(struct smtpd_session *s, enum policy_stage stage,
    void (*then)(struct smtpd_session *s, const struct smtpd_verdict *v));

/* The same about LINE, at a stage that only filters are asked at. */
bool smtpd_judge_line(struct smtpd_session *s, enum policy_stage stage,
    struct slice line,
    void (*then)(struct smtpd_session *s, const struct smtpd_verdict *v));

#endif
