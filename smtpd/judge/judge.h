/* SPDX-License-Identifier: ISC */
/*
 * Others decide with smtpd what is done with a client, a recipient, a message.
 * At each stage they are asked one after the other (judges, in judge.c), and
 * only those who need that stage; who refuses ends it, of the others the
 * verdicts are merged.
 */
#ifndef SMTPD_JUDGE_JUDGE_H
#define SMTPD_JUDGE_JUDGE_H

#include "base/slice.h"
#include "smtpd/judge/verdict.h"

struct smtpd_judging;
struct smtpd_session;

/* Ask about S at STAGE (RCPT: the address, which stands until then; else
 * empty).  THEN runs once, never from inside.  NULL: nobody is asked. */
struct smtpd_judging *smtpd_judge_ask(struct smtpd_session *s,
    enum policy_stage stage, struct slice rcpt,
    void (*then)(void *arg, const struct smtpd_verdict *v), void *arg);
/* Forget it: its THEN will not run.  Accepts a pointer to NULL. */
void smtpd_judge_cancel(struct smtpd_judging **j);

/* S has ended, or begins anew for another client. */
void smtpd_judge_end(struct smtpd_session *s);

#endif
