/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/judge.h"

#include <stdlib.h>

#include "base/mem.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judging.h"
#include "smtpd/judge/milter.h"
#include "smtpd/judge/policy.h"

/* In the order in which they are asked. */
static const struct smtpd_judge *const judges[] = {
	&smtpd_judge_policy,
	&smtpd_judge_milter,
};

/* The next one, if there is any. */
static bool
ask_next(struct smtpd_judging *j)
{
	while (j->at < ARRAY_LEN(judges) &&
	       !judges[j->at]->needs(j->session, j->stage))
		j->at++;
	if (j->at == ARRAY_LEN(judges))
		return false;
	judges[j->at]->ask(j);
	return true;
}

static void
on_said(struct smtpd_judging *j, const struct smtpd_verdict *v)
{
	smtpd_verdict_merge(&j->verdict, v);
	j->at++;
	if (!smtpd_verdict_ends(&j->verdict) && ask_next(j))
		return;
	j->then(j->arg, &j->verdict);
	free(j);
}

struct smtpd_judging *
smtpd_judge_ask(struct smtpd_session *s, enum policy_stage stage,
    struct slice rcpt, void (*then)(void *arg, const struct smtpd_verdict *v),
    void *arg)
{
	struct smtpd_judging *j = xcalloc(1, sizeof *j);

	j->session = s;
	j->stage = stage;
	j->rcpt = rcpt;
	j->said = on_said;
	j->then = then;
	j->arg = arg;
	if (!ask_next(j))
		xfree(&j);
	return j;
}

void
smtpd_judge_cancel(struct smtpd_judging **p)
{
	struct smtpd_judging *j = *p;

	*p = NULL;
	if (j == NULL)
		return;
	judges[j->at]->cancel(j);
	free(j);
}

void
smtpd_judge_end(struct smtpd_session *s)
{
	smtpd_judge_cancel(&s->waits);
	for (size_t i = 0; i < ARRAY_LEN(judges); i++)
		judges[i]->end(s);
}
