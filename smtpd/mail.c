/* SPDX-License-Identifier: ISC */
#include "smtpd/mail.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/shared.h"
#include "front/session.h"
#include "log/log.h"
#include "queue/envelope.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/session.h"
#include "smtpd/metrics.h"
#include "smtpd/parse.h"
#include "smtpd/protocol.h"
#include "smtpd/transaction.h"
#include "sys/addr.h"

/* RFC 6710 asks for trust: what goes first lets others wait. */
static bool
may_be_urgent(const struct smtpd_session *s)
{
	struct addr client;

	if (s->login != NULL)
		return true;
	return addr_of_ip(&client, AF_UNSPEC, slice_str(s->front.ip), 0) &&
	       conf_nets_match(&smtpd_conf->priority_hosts, &client);
}

static struct smtpd_mail *
begin(struct smtpd_session *s, const struct smtpd_mail_args *args,
    struct slice sender)
{
	struct smtpd_mail *mail = smtpd_mail_new(s);
	struct arena *a = &mail->arena;

	mail->size_said = args->size;
	mail->env.sender = arena_slice(a, sender);
	mail->env.body = args->body;
	mail->env.ret = arena_slice(a, args->ret);
	mail->env.envid = arena_slice(a, args->envid);
	/* RFC 4954 5: only from those who may vouch for others. */
	if (s->front.trusted || s->login != NULL)
		mail->env.auth = arena_slice(a, args->auth);
	mail->env.smtputf8 = args->smtputf8;
	mail->env.requiretls = args->requiretls;
	mail->lowered = args->mt_priority > 0 && !may_be_urgent(s);
	mail->env.mt_priority = mail->lowered ? 0 : args->mt_priority;
	return mail;
}

static bool
must_authenticate(const struct smtpd_session *s)
{
	return s->protocol->submission && s->login == NULL &&
	       !(s->front.trusted && smtpd_conf->submission_trusts_networks);
}

static void
refuse(struct smtpd_session *s, const char *reply)
{
	log_info("mail.sender-refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("why", reply));
	smtpd_count(SMTPD_COUNT_senders_refused, 1);
	smtpd_mistake(s, reply);
}

static void
accept_sender(struct smtpd_session *s)
{
	smtpd_session_enter(s, SMTPD_MAIL);
	smtpd_reply(s, s->mail->lowered
			   ? "250 2.3.6 0 is the priority of this message: a "
			     "higher one requires authentication"
			   : "250 2.1.0 Sender ok");
}

static void
on_judged(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	if (smtpd_verdict_ends(v)) {
		smtpd_session_enter(s, SMTPD_GREETED);
		refuse(s, v->reply);
	} else {
		accept_sender(s);
	}
	smtpd_session_mode(s, SMTPD_LINES);
}

static unsigned
rights(const struct smtpd_session *s)
{
	return (s->front.local ? SMTPD_MAY_BARE : 0U) |
	       (s->extended ? SMTPD_MAY_EXTEND : 0U) |
	       (front_tls(&s->front) ? SMTPD_MAY_REQUIRETLS : 0U) |
	       (smtpd_conf->dsn ? SMTPD_MAY_DSN : 0U);
}

void
smtpd_mail_command(struct smtpd_session *s, struct slice args)
{
	struct buf sender = { .max = SMTPD_ADDRESS_MAX };
	struct smtpd_mail_args a;
	struct err err;

	if (must_authenticate(s)) {
		refuse(s, "530 5.7.0 Authentication required");
		return;
	}
	if (s->front.served >= smtpd_conf->max_messages) {
		smtpd_hangup(s, "4.7.0", "Too many messages in one session");
		return;
	}
	if (!front_rate(&s->front, FRONT_MESSAGES,
		smtpd_conf->client_message_rate_limit)) {
		smtpd_mistake(s,
		    "450 4.7.1 Message rate limit exceeded, try again later");
		return;
	}
	if (smtpd_parse_mail(args, rights(s), &a, &sender, &err) == -1) {
		refuse(s, err.text);
	} else if (a.size > smtpd_conf->shared.message_size_limit) {
		refuse(s, "552 5.3.4 Message too large");
	} else {
		smtpd_qualify(&sender, shared_domain(&smtpd_conf->shared));
		s->mail = begin(s, &a, buf_slice(&sender));
		if (smtpd_judge_session(s, POLICY_MAIL, on_judged))
			smtpd_session_mode(s, SMTPD_WAIT);
		else
			accept_sender(s);
	}
	buf_fini(&sender);
}
