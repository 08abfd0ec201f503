/* SPDX-License-Identifier: ISC */
#include "smtpd/conclude.h"

#include <stdio.h>

#include "base/buf.h"
#include "ev/loop.h"
#include "front/session.h"
#include "log/log.h"
#include "proto/address.h"
#include "queue/envelope.h"
#include "queue/refusal.h"
#include "smtpd/dialog.h"
#include "smtpd/message.h"
#include "smtpd/metrics.h"
#include "smtpd/protocol.h"
#include "smtpd/refusal.h"
#include "smtpd/scan.h"
#include "smtpd/spool.h"
#include "smtpd/transaction.h"

enum { REPLY_MAX = 64 };

/* The transaction is over. */
static void
end(struct smtpd_session *s)
{
	smtpd_session_enter(s, SMTPD_GREETED);
	smtpd_session_mode(s, SMTPD_LINES);
}

/* REPLY for recipient I, by LMTP. */
static void
reply_to(struct smtpd_session *s, size_t i, const char *reply)
{
	struct slice text;
	const struct slice code = slice_cut(slice_str(reply), ' ', &text);
	const struct slice enhanced = slice_cut(text, ' ', &text);

	smtpd_replyf(s, "%.*s %.*s <%.*s> %.*s", SLICE_FMT(code),
	    SLICE_FMT(enhanced), SLICE_FMT(s->mail->env.rcpts[i].address),
	    SLICE_FMT(text));
}

/* The reply to the whole message: one, or for LMTP one a recipient (RFC 2033
 * 4.2). */
static void
conclude(struct smtpd_session *s, const char *reply)
{
	if (s->protocol->speaks != SMTPD_SPEAKS_LMTP)
		smtpd_reply(s, reply);
	else
		for (size_t i = 0; i < s->mail->env.nrcpts; i++)
			reply_to(s, i, reply);
	end(s);
}

/* The reply to recipient I where he rejects the message: to OUT. */
static bool
is_rejected(const struct smtpd_session *s, size_t i, struct buf *out)
{
	const struct envelope *env = &s->mail->env;
	struct buf prefix = { .max = ADDRESS_MAX + 4 };
	bool found;

	if (s->protocol->speaks == SMTPD_SPEAKS_LMTP)
		buf_addf(&prefix, "<%.*s> ", SLICE_FMT(env->rcpts[i].address));
	buf_reset(out);
	found = smtpd_refusal_reply(smtpd_spool_refused(s->mail->spool),
	    (uint32_t)i, buf_slice(&prefix), env->smtputf8, out);
	buf_fini(&prefix);
	return found;
}

/* Some recipients reject it, by SMTP the only one; OTHERS is for the rest.
 */
static void
conclude_each(struct smtpd_session *s, const char *others)
{
	const struct envelope *env = &s->mail->env;
	struct buf reply = { .max = REFUSAL_MAX_BYTES };

	for (size_t i = 0; i < env->nrcpts; i++) {
		if (is_rejected(s, i, &reply))
			smtpd_reply(s, buf_cstr(&reply));
		else
			reply_to(s, i, others);
	}
	buf_fini(&reply);
	end(s);
}

void
smtpd_conclude_log(const struct smtpd_session *s, const char *why)
{
	const struct smtpd_mail *mail = s->mail;

	log_info("mail.refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_slice("from", mail->env.sender),
	    kv_i("size", mail->message->scan.size), kv_s("why", why));
	smtpd_count(why[0] == '4' ? SMTPD_COUNT_messages_deferred
				  : SMTPD_COUNT_messages_refused,
	    1);
}

void
smtpd_conclude_refused(struct smtpd_session *s, const char *reply)
{
	smtpd_conclude_log(s, reply);
	conclude(s, reply);
}

static const char *
accepted(const struct smtpd_session *s, char reply[REPLY_MAX])
{
	snprintf(reply, REPLY_MAX, "250 2.0.0 Ok: queued as %s",
	    smtpd_spool_qid(s->mail->spool));
	return reply;
}

static void
log_accepted(const struct smtpd_session *s, size_t rejected)
{
	const struct smtpd_mail *mail = s->mail;
	const struct smtpd_spool *spool = mail->spool;

	log_info("mail.accepted", kv_s("sid", s->front.sid),
	    kv_s("qid", smtpd_spool_qid(spool)), kv_s("client", s->front.ip),
	    kv_s("account", s->login != NULL ? s->login : ""),
	    kv_slice("from", mail->env.sender),
	    kv_i("size", smtpd_spool_size(spool)),
	    kv_u("nrcpt", mail->env.nrcpts - rejected),
	    kv_slice("protocol", mail->env.protocol),
	    kv_i("ms", ev_now_ms() - mail->began_ms),
	    kv_slice("message_id", smtpd_msgid_text(&mail->message->scan.id)));
	smtpd_count(SMTPD_COUNT_messages, 1);
	smtpd_count(SMTPD_COUNT_message_bytes, smtpd_spool_size(spool));
}

/* How many recipients reject it; the log has what they are told. */
static size_t
count_rejected(const struct smtpd_session *s)
{
	struct buf reply = { .max = REFUSAL_MAX_BYTES };
	size_t n = 0;

	for (size_t i = 0; i < s->mail->env.nrcpts; i++) {
		if (!is_rejected(s, i, &reply))
			continue;
		smtpd_conclude_log(s, buf_cstr(&reply));
		n++;
	}
	buf_fini(&reply);
	return n;
}

void
smtpd_conclude_ok(struct smtpd_session *s)
{
	char reply[REPLY_MAX];

	s->front.served++;
	conclude(s, accepted(s, reply));
}

void
smtpd_conclude_discarded(struct smtpd_session *s)
{
	const struct smtpd_mail *mail = s->mail;

	log_info("mail.discarded", kv_s("sid", s->front.sid),
	    kv_s("qid", smtpd_spool_qid(mail->spool)),
	    kv_s("client", s->front.ip), kv_slice("from", mail->env.sender),
	    kv_i("size", smtpd_spool_size(mail->spool)),
	    kv_u("nrcpt", mail->env.nrcpts));
	smtpd_count(SMTPD_COUNT_messages_discarded, 1);
	smtpd_conclude_ok(s);
}

void
smtpd_conclude_accepted(struct smtpd_session *s)
{
	const size_t rejected = count_rejected(s);
	char reply[REPLY_MAX];

	if (rejected < s->mail->env.nrcpts)
		log_accepted(s, rejected);
	s->errors = s->junk = 0;
	if (rejected == 0) {
		smtpd_conclude_ok(s);
		return;
	}
	s->front.served++;
	conclude_each(s, accepted(s, reply));
}
