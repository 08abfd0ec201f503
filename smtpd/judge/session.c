/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/session.h"

#include <stddef.h>

#include "smtpd/dialog.h"
#include "smtpd/judge/judge.h"
#include "smtpd/judge/judging.h"

static void
on_session(void *arg, const struct smtpd_verdict *v)
{
	struct smtpd_session *s = arg;
	void (*then)(struct smtpd_session *, const struct smtpd_verdict *) =
	    s->waits->then_session;

	s->waits = NULL;
	then(s, v);
}

bool
smtpd_judge_session(struct smtpd_session *s, enum policy_stage stage,
    void (*then)(struct smtpd_session *s, const struct smtpd_verdict *v))
{
	return smtpd_judge_line(s, stage, SLICE(""), then);
}

bool
smtpd_judge_line(struct smtpd_session *s, enum policy_stage stage,
    struct slice line,
    void (*then)(struct smtpd_session *s, const struct smtpd_verdict *v))
{
	s->waits = smtpd_judge_ask(s, stage, line, on_session, s);
	if (s->waits == NULL)
		return false;
	s->waits->then_session = then;
	return true;
}
