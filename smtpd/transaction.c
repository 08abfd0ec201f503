/* SPDX-License-Identifier: ISC */
#include "smtpd/transaction.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "mime/parser.h"
#include "mime/unbinary.h"
#include "smtpd/ask.h"
#include "smtpd/judge/milter.h"
#include "smtpd/owner.h"
#include "smtpd/review.h"
#include "smtpd/spool.h"

struct smtpd_mail *
smtpd_mail_new(struct smtpd_session *s)
{
	struct smtpd_mail *mail = xcalloc(1, sizeof *mail);

	mail->session = s;
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
	unbinary_free(&mail->unbinary);
	free(mail->env.rcpts);
	arena_fini(&mail->arena);
	free(mail);
}

void
smtpd_mail_drop(struct smtpd_mail *mail)
{
	smtpd_review_free(&mail->review);
	smtpd_spool_free(&mail->spool);
	mime_parser_free(&mail->parser);
}
