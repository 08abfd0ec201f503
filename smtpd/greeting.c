/* SPDX-License-Identifier: ISC */
#include "smtpd/greeting.h"

#include "front/session.h"
#include "log/log.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/session.h"

/* RFC 5321 3.1 has 554, and 421 for what may pass. */
static void
on_judged(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	if (!smtpd_verdict_ends(v)) {
		smtpd_session_greet(s);
		return;
	}
	log_info("smtpd.client-refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("why", v->reply));
	smtpd_replyf(s, "%s%s", v->action == POLICY_DEFER ? "421 " : "554 ",
	    v->reply + sizeof "550");
	front_close(&s->front, v->reply);
}

void
smtpd_greet(struct smtpd_session *s)
{
	if (smtpd_judge_session(s, POLICY_CONNECT, on_judged))
		smtpd_session_mode(s, SMTPD_WAIT);
	else
		smtpd_session_greet(s);
}
