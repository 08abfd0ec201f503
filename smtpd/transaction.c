/* SPDX-License-Identifier: ISC */
#include "smtpd/transaction.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "mime/parser.h"
#include "mime/unbinary.h"
#include "smtpd/ask.h"
#include "smtpd/judge/judged.h"
#include "smtpd/judge/milter.h"
#include "smtpd/owner.h"
#include "smtpd/review.h"
#include "smtpd/rewrite/rewrite.h"
#include "smtpd/spool.h"

struct smtpd_mail *
smtpd_mail_new(struct smtpd_session *s)
{
	struct smtpd_mail *mail = xcalloc(1, sizeof *mail);

	mail->session = s;
	mail->judged = smtpd_judged_new();
	arena_init(&mail->arena);
	TAILQ_INIT(&mail->asks);
	mail->began_ms = ev_now_ms();
	return mail;
}

void
smtpd_mail_free(struct smtpd_mail **p)
{
	struct smtpd_mail *mail = *p;
	struct smtpd_ask *ask;

	*p = NULL;
	if (mail == NULL)
		return;
	smtpd_milter_abort(mail->session);
	while ((ask = TAILQ_FIRST(&mail->asks)) != NULL)
		smtpd_ask_free(ask);
	smtpd_mail_drop(mail);
	smtpd_owner_free(&mail->owner);
	smtpd_judged_free(&mail->judged);
	if (mail->field != NULL)
		buf_fini(mail->field);
	free(mail->field);
	unbinary_free(&mail->unbinary);
	free(mail->env.rcpts);
	arena_fini(&mail->arena);
	free(mail);
}

void
smtpd_mail_drop(struct smtpd_mail *mail)
{
	smtpd_judged_close(mail->judged);
	smtpd_review_free(&mail->review);
	smtpd_rewrite_free(&mail->rewrite);
	smtpd_spool_free(&mail->spool);
	mime_parser_free(&mail->parser);
}

void
smtpd_mail_judged(struct smtpd_mail *mail, const struct smtpd_verdict *v)
{
	smtpd_verdict_merge(&mail->judged->verdict, v);
}
