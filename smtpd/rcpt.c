/* SPDX-License-Identifier: ISC */
#include "smtpd/rcpt.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "front/session.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "queue/envelope.h"
#include "smtpd/ask.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/metrics.h"
#include "smtpd/parse.h"
#include "smtpd/transaction.h"

/* Recipients of one session that lookup is asked about at once. */
enum { ASKS_MAX = 64, REPLY_MAX = 512 };
/* From the end of lookup to the next question: master has noticed it then. */
enum { AGAIN_MS = 50 };

static const char reply_ok[] = "250 2.1.5 Recipient ok";

/* ---- the reply ---- */

static void
log_refused(const struct smtpd_ask *ask)
{
	const struct smtpd_session *s = ask->mail->session;

	log_info("rcpt.refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip),
	    kv_slice("from", ask->mail->env.sender),
	    kv_slice("to", ask->rcpt.address), kv_s("why", ask->reply));
}

static void
add_rcpt(struct smtpd_mail *mail, const struct smtpd_ask *ask)
{
	struct envelope *env = &mail->env;

	if (env->nrcpts == mail->rcpts_room) {
		mail->rcpts_room =
		    mail->rcpts_room > 0 ? 2 * mail->rcpts_room : 4;
		env->rcpts = xreallocarray(
		    env->rcpts, mail->rcpts_room, sizeof *env->rcpts);
	}
	env->rcpts[env->nrcpts++] = ask->rcpt;
	mail->for_mailbox |= ask->for_mailbox;
	if (ask->room > mail->room_max)
		mail->room_max = ask->room;
}

static void
finish(struct smtpd_session *s, const struct smtpd_ask *ask)
{
	if (ask->rcpt.address.n == 0) {
		smtpd_mistake(s, ask->reply);
		return;
	}
	smtpd_reply(s, ask->reply);
	if (ask->accepted) {
		add_rcpt(ask->mail, ask);
		smtpd_session_enter(s, SMTPD_RCPT);
		smtpd_count(SMTPD_COUNT_recipients, 1);
		return;
	}
	if (!ask->limited)
		log_refused(ask);
	if (ask->reply[0] == '4') {
		smtpd_count(SMTPD_COUNT_recipients_deferred, 1);
		return;
	}
	smtpd_count(SMTPD_COUNT_recipients_refused, 1);
	if (++s->refused >= smtpd_conf->max_refused_recipients)
		smtpd_hangup(s, "4.7.0", "Too many rejected recipients");
}

/* Give the replies that are there, in order, and then take more commands. */
static void
answer(struct smtpd_mail *mail)
{
	struct smtpd_session *s = mail->session;
	struct smtpd_ask *ask;

	while ((ask = TAILQ_FIRST(&mail->asks)) != NULL && ask->reply != NULL) {
		finish(s, ask);
		smtpd_ask_free(ask);
	}
	smtpd_session_hold(s);
	stream_resume(&s->front.stream);
}

static void
settle(struct smtpd_ask *ask, bool accepted, const char *reply)
{
	ask->accepted = accepted;
	ask->reply = xstrdup(reply);
	answer(ask->mail);
}

/* ---- what lookup says ---- */

static void
check_mailbox(struct smtpd_ask *ask, const struct msg_lookup_found *found)
{
	const struct smtpd_mail *mail = ask->mail;
	const uint64_t need =
	    mail->size_said > 0 ? (uint64_t)mail->size_said : 1;

	ask->room = found->room;
	if (found->quota > 0 && found->quota < ask->room)
		ask->room = found->quota;
	if (found->quota > 0 && need > found->quota)
		settle(ask, false, "552 5.2.2 Message exceeds mailbox quota");
	else if (need > found->room)
		settle(ask, false,
		    smtpd_conf->over_quota == SMTPD_OVER_QUOTA_REFUSE
			? "552 5.2.2 Mailbox is full"
			: "452 4.2.2 Mailbox is full");
	else
		settle(ask, true, reply_ok);
}

/* Mail for one of our domains goes on to where transports says, whoever
 * brings it; for others not everybody's does. */
static void
check_relay(struct smtpd_ask *ask, const struct msg_lookup_found *found)
{
	const struct smtpd_session *s = ask->mail->session;

	if (found->ours || s->front.trusted || s->login != NULL)
		settle(ask, true, reply_ok);
	else
		settle(ask, false, "550 5.7.1 Relay access denied");
}

/* lookup's code and text, so far as they can stand in a reply. */
static void
refuse(struct smtpd_ask *ask, const struct msg_lookup_found *found)
{
	const bool temp = found->kind == LOOKUP_TEMPFAIL;
	const char class = temp ? '4' : '5';
	uint32_t code = found->code;
	struct slice enhanced = found->enhanced;
	char reply[REPLY_MAX];

	if (code / 100 != (temp ? 4 : 5))
		code = temp ? 451 : 550;
	if (enhanced.n == 0 || enhanced.p[0] != class)
		enhanced = temp ? SLICE("4.3.0") : SLICE("5.1.1");
	snprintf(reply, sizeof reply, "%u %.*s %.*s", (unsigned)code,
	    SLICE_FMT(enhanced),
	    SLICE_FMT(found->text.n > 0 ? slice_sub(found->text, 0, 300)
		      : temp            ? SLICE("Try again later")
					: SLICE("No such recipient")));
	settle(ask, false, reply);
}

static void on_found(struct ipc_call *call, struct msg *m);

/* The same address goes to the same lookup, which remembers it. */
static struct ipc *
lookup_for(struct slice address)
{
	const unsigned n = ipc_count(ROLE_LOOKUP);

	return ipc_link(ROLE_LOOKUP,
	    n > 1 ? (unsigned)(map_hash_fixed(address) % n) : 0, 0);
}

static void
ask_lookup(struct smtpd_ask *ask)
{
	const struct slice address = ask->rcpt.address;

	IPC_CALL(lookup_for(address), &ask->call, lookup_found, on_found,
	    ask->until_ms - ev_now_ms(), lookup_address, .address = address);
}

static void
on_later(struct ev_timer *t)
{
	ask_lookup(OUTER(t, struct smtpd_ask, later));
}

/* lookup has ended, as it does when a reload replaces it: the next one is asked
 * when it is ready.  Not a third, in case it was the question that ended it. */
static bool
ask_again(struct smtpd_ask *ask)
{
	if (ask->again || ev_now_ms() + AGAIN_MS >= ask->until_ms)
		return false;
	ask->again = true;
	ev_timer_set(&ask->later, AGAIN_MS);
	return true;
}

static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct smtpd_ask *ask = OUTER(call, struct smtpd_ask, call);

	if (m == NULL && ask_again(ask))
		return;
	if (m == NULL) {
		settle(ask, false, "451 4.3.0 Temporary lookup failure");
		return;
	}
	ask->room = UINT64_MAX;
	ask->for_mailbox = m->lookup_found.kind != LOOKUP_RELAY;
	switch ((enum lookup_kind)m->lookup_found.kind) {
	case LOOKUP_MAILBOX:
		check_mailbox(ask, &m->lookup_found);
		break;
	case LOOKUP_ALIAS:
		settle(ask, true, reply_ok);
		break;
	case LOOKUP_RELAY:
	case LOOKUP_DISCARD:
	case LOOKUP_HOLD:
		check_relay(ask, &m->lookup_found);
		break;
	case LOOKUP_REFUSE:
	case LOOKUP_TEMPFAIL:
		refuse(ask, &m->lookup_found);
		break;
	case LOOKUP_KINDS:
	default:
		settle(ask, false, "451 4.3.0 Temporary lookup failure");
	}
}

/* ---- the command ---- */

static void
ask_for(struct smtpd_mail *mail, struct slice address,
    const struct smtpd_rcpt_args *args)
{
	struct smtpd_ask *ask = smtpd_ask_new(mail);
	struct arena *a = &mail->arena;

	ask->rcpt.address = arena_slice(a, address);
	ask->rcpt.notify = arena_slice(a, args->notify);
	ask->rcpt.orcpt = arena_slice(a, args->orcpt);
	if (mail->env.nrcpts + mail->nasks > smtpd_conf->max_recipients) {
		settle(ask, false, "452 4.5.3 Too many recipients");
		return;
	}
	if (!front_rate(&mail->session->front, FRONT_RECIPIENTS,
		smtpd_conf->client_recipient_rate_limit)) {
		ask->limited = true;
		settle(ask, false,
		    "450 4.7.1 Recipient rate limit exceeded, try again later");
		return;
	}
	ev_timer_init(&ask->later, on_later);
	ask->until_ms = ev_now_ms() + smtpd_conf->lookup_timeout;
	ask_lookup(ask);
}

/* A refusal that needs no question waits for its turn all the same. */
static void
mistake(struct smtpd_session *s, const char *reply)
{
	if (s->mail->nasks == 0)
		smtpd_mistake(s, reply);
	else
		settle(smtpd_ask_new(s->mail), false, reply);
}

void
smtpd_rcpt_command(struct smtpd_session *s, struct slice args)
{
	const unsigned may = (s->front.local ? SMTPD_MAY_BARE : 0U) |
			     (s->extended ? SMTPD_MAY_EXTEND : 0U) |
			     (s->mail->env.smtputf8 ? SMTPD_MAY_UTF8 : 0U) |
			     (smtpd_conf->dsn ? SMTPD_MAY_DSN : 0U);
	struct buf to = { .max = SMTPD_ADDRESS_MAX };
	struct smtpd_rcpt_args a;
	struct err err;

	if (smtpd_parse_rcpt(args, may, &a, &to, &err) == -1) {
		mistake(s, err.text);
	} else {
		smtpd_qualify(&to, shared_domain(&smtpd_conf->shared));
		ask_for(s->mail, buf_slice(&to), &a);
	}
	buf_fini(&to);
}

bool
smtpd_rcpt_must_wait(struct smtpd_session *s, struct slice line)
{
	const struct smtpd_mail *mail = s->mail;

	if (mail == NULL || mail->nasks == 0)
		return false;
	if (mail->nasks < ASKS_MAX && slice_istarts(line, SLICE("RCPT ")))
		return false;
	stream_pause(&s->front.stream);
	return true;
}
