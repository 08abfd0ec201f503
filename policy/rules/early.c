/* SPDX-License-Identifier: ISC */
/* smtpd asks at this stage only where the client has spoken. */
#include "policy/rules/rules.h"
#include "policy/verdict.h"

bool
early_talker_rule(struct policy_question *q, struct policy_verdict *v)
{
	(void)q;
	v->action = POLICY_REFUSE;
	v->enhanced = "5.5.0";
	v->text = SLICE("SMTP: the server speaks first");
	v->why = SLICE("it spoke before it was greeted");
	return true;
}
