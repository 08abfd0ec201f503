/* SPDX-License-Identifier: ISC */
#include "smtpd/ask.h"

#include <stdlib.h>

#include "base/mem.h"
#include "log/log.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judge.h"
#include "smtpd/transaction.h"

struct smtpd_ask *
smtpd_ask_new(struct smtpd_mail *mail)
{
	struct smtpd_ask *ask = xcalloc(1, sizeof *ask);

	ask->mail = mail;
	TAILQ_INSERT_TAIL(&mail->asks, ask, link);
	mail->nasks++;
	return ask;
}

void
smtpd_ask_free(struct smtpd_ask *ask)
{
	ipc_cancel(&ask->call);
	smtpd_judge_cancel(&ask->judging);
	ev_timer_stop(&ask->later);
	TAILQ_REMOVE(&ask->mail->asks, ask, link);
	ask->mail->nasks--;
	free(ask->reply);
	free(ask);
}

void
smtpd_ask_settle(struct smtpd_ask *ask, bool accepted, const char *reply)
{
	ask->accepted = accepted;
	ask->reply = xstrdup(reply);
}

void
smtpd_ask_log_refused(const struct smtpd_ask *ask)
{
	const struct smtpd_session *s = ask->mail->session;

	log_info("rcpt.refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip),
	    kv_slice("from", ask->mail->env.sender),
	    kv_slice("to", ask->rcpt.address), kv_s("why", ask->reply));
}
