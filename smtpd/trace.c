/* SPDX-License-Identifier: ISC */
#include "smtpd/trace.h"

#include "front/session.h"
#include "mailauth/authres.h"
#include "queue/envelope.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/protocol.h"
#include "smtpd/received.h"
#include "smtpd/spool.h"
#include "smtpd/tlsfacts.h"
#include "smtpd/transaction.h"
#include "sys/clock.h"

const char *
smtpd_trace_protocol(const struct smtpd_session *s)
{
	return smtpd_with(s->protocol->speaks == SMTPD_SPEAKS_LMTP, s->extended,
	    s->mail->env.smtputf8, front_tls(&s->front), s->login != NULL);
}

static void
put_received(const struct smtpd_session *s, struct buf *out)
{
	const struct envelope *env = &s->mail->env;
	struct smtpd_trace t = {
		.helo = env->helo,
		.name = env->client_name,
		.ip = s->front.local ? SLICE("") : slice_str(s->front.ip),
		.uid = slice_from(slice_str(s->front.ip), sizeof "local:" - 1),
		.hidden = s->login != NULL && smtpd_conf->hide_client,
		.hostname = slice_str(smtpd_conf->shared.hostname),
		.with = env->protocol,
		.qid = slice_str(smtpd_spool_qid(s->mail->spool)),
		.when_s = clock_wall_s(),
		.mt_priority = env->mt_priority,
	};

	if (env->nrcpts == 1)
		t.rcpt = env->rcpts[0].address;
	smtpd_tlsfacts_trace(s, &t);
	smtpd_received(&t, out);
}

static void
put_login(const struct smtpd_session *s, struct buf *out)
{
	struct authres r;

	authres_begin(&r, out, slice_str(smtpd_conf->shared.hostname));
	authres_result(&r, "auth", "pass");
	if (!smtpd_conf->hide_client)
		authres_property(&r, "smtp.auth", slice_str(s->login));
	authres_end(&r);
}

void
smtpd_trace_fields(const struct smtpd_session *s, struct buf *out)
{
	if (s->login != NULL && smtpd_conf->auth_results)
		put_login(s, out);
	put_received(s, out);
}

void
smtpd_trace_date(struct buf *out)
{
	buf_adds(out, "Date: ");
	smtpd_date(clock_wall_s(), out);
	buf_adds(out, "\r\n");
}
