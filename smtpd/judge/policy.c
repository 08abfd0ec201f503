/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/policy.h"

#include "base/mem.h"
#include "front/session.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judged.h"
#include "smtpd/judge/judging.h"
#include "smtpd/protocol.h"
#include "smtpd/tlsfacts.h"
#include "smtpd/transaction.h"

enum {
	RETRY_MS = 1000,
	/* From the end of policy to the next question: master has noticed it
	 * then. */
	AGAIN_MS = 50,
};

/* At which stages it is asked; before it has said so, at all of them. */
static struct {
	unsigned strangers, known;
	unsigned strangers_need, known_need; /* its answer */
	struct ipc_call watch;
	struct ev_timer retry;
	const char *service; /* section of master.conf */
} state = { .service = "",
	.strangers = ~0U,
	.known = ~0U,
	.strangers_need = ~0U,
	.known_need = ~0U };

/* ---- what it needs ---- */

static void watch(void);

static void
on_stages(struct ipc_call *call, struct msg *m)
{
	(void)call;
	if (m == NULL) {
		ev_timer_set(&state.retry, RETRY_MS);
		return;
	}
	state.strangers = m->policy_stages.strangers;
	state.known = m->policy_stages.known;
	state.strangers_need = m->policy_stages.strangers_need;
	state.known_need = m->policy_stages.known_need;
}

static void
watch(void)
{
	if (!ipc_has(ROLE_POLICY)) {
		ev_timer_set(&state.retry, RETRY_MS);
		return;
	}
	IPC_CALL(ipc_link(ROLE_POLICY, 0, 0), &state.watch, policy_stages,
	    on_stages, smtpd_conf->policy_timeout, policy_watch, .id = 0);
}

static void
on_retry(struct ev_timer *t)
{
	(void)t;
	watch();
}

void
smtpd_policy_start(const char *service)
{
	state.service = service;
	ev_timer_init(&state.retry, on_retry);
	watch();
}

void
smtpd_policy_on_changed(struct ipc *peer, struct msg *m)
{
	if (ipc_role(peer) != ROLE_POLICY)
		return;
	state.strangers = m->policy_changed.strangers;
	state.known = m->policy_changed.known;
	state.strangers_need = m->policy_changed.strangers_need;
	state.known_need = m->policy_changed.known_need;
}

/* A new one does not know us. */
void
smtpd_policy_on_gone(struct ipc *peer)
{
	if (ipc_role(peer) == ROLE_POLICY && !ipc_calling(&state.watch))
		ev_timer_set(&state.retry, RETRY_MS);
}

static bool
is_known(const struct smtpd_session *s)
{
	return s->front.trusted || s->login != NULL;
}

static bool
is_of_use(const struct smtpd_session *s, enum policy_stage stage)
{
	const unsigned stages = is_known(s) ? state.known : state.strangers;

	return (stages & 1U << stage) != 0 && ipc_has(ROLE_POLICY);
}

/* Must the mail wait for it? */
static bool
is_needed(const struct smtpd_session *s, enum policy_stage stage)
{
	const unsigned stages =
	    is_known(s) ? state.known_need : state.strangers_need;

	return smtpd_conf->policy_unavailable == SMTPD_UNAVAILABLE_DEFER &&
	       (stages & 1U << stage) != 0;
}

static bool
needs(const struct smtpd_session *s, enum policy_stage stage)
{
	return (stage <= POLICY_MESSAGE ||
		   (stage == POLICY_DATA && s->login != NULL)) &&
	       is_of_use(s, stage);
}

void
smtpd_policy_failed(const struct smtpd_session *s)
{
	if (is_of_use(s, POLICY_FAILED))
		IPC_SEND(ipc_link(ROLE_POLICY, 0, 0), policy_failed,
		    .client = slice_str(s->front.ip),
		    .trusted = s->front.trusted, .login = slice_str(s->login),
		    .sender =
			s->mail != NULL ? s->mail->env.sender : SLICE(""));
}

/* ---- a question ---- */

static void
say(struct smtpd_judging *j, const struct smtpd_verdict *v)
{
	j->said(j, v);
}

static void
say_unavailable(struct smtpd_judging *j)
{
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };
	const bool needed = is_needed(j->session, j->stage);

	log_warn("smtpd.policy-unavailable", kv_s("sid", j->session->front.sid),
	    kv_s("action", needed ? "defer" : "accept"));
	if (needed)
		smtpd_verdict_read(&v, POLICY_DEFER, 451, SLICE("4.3.0"),
		    SLICE("Policy check is not available, try again later"),
		    SLICE(""));
	say(j, &v);
}

static void ask_now(struct smtpd_judging *j);

static void
on_later(struct ev_timer *t)
{
	ask_now(OUTER(t, struct smtpd_judging, later));
}

static void
on_judged(struct ipc_call *call, struct msg *m)
{
	struct smtpd_judging *j = OUTER(call, struct smtpd_judging, call);
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };

	if (m != NULL) {
		smtpd_verdict_read(&v, m->policy_judged.action,
		    m->policy_judged.code, m->policy_judged.enhanced,
		    m->policy_judged.text, m->policy_judged.front);
		(void)slice_copy(
		    slice_sub(m->policy_judged.why, 0, sizeof v.why - 1), v.why,
		    sizeof v.why);
		say(j, &v);
		smtpd_verdict_fini(&v);
	} else if (!j->again && ev_now_ms() + AGAIN_MS < j->until_ms) {
		/* It has ended: not a third time, in case it was the question
		 * that ended it. */
		j->again = true;
		ev_timer_set(&j->later, AGAIN_MS);
	} else {
		say_unavailable(j);
	}
}

/* What is known of the transaction. */
static void
add_mail(struct msg_policy_ask *m, const struct smtpd_mail *mail)
{
	m->sender = mail->env.sender;
	m->size = mail->size_said;
	m->nrcpts = (uint32_t)mail->env.nrcpts;
}

static void
add_message(struct msg_policy_ask *m, const struct smtpd_view *view)
{
	m->size = view->size;
	m->qid = slice_str(view->qid);
	m->body = view->body;
	m->file = view->file;
	m->offset = view->offset;
}

static void
ask_now(struct smtpd_judging *j)
{
	const struct smtpd_session *s = j->session;
	struct msg m = { .type = MSG_policy_ask,
		.policy_ask = {
		    .session = s->number,
		    .stage = j->stage,
		    .sid = slice_str(s->front.sid),
		    .client = slice_str(s->front.ip),
		    .client_name = slice_str(s->client_name),
		    .trusted = s->front.trusted,
		    .service = slice_str(state.service),
		    .protocol = slice_str(s->protocol->front.name),
		    .tls = slice_str(smtpd_tlsfacts_version(s)),
		    .helo = slice_str(s->helo),
		    .login = slice_str(s->login),
		    .mechanism = slice_str(s->mechanism),
		    .rcpt = j->rcpt,
		    .file = -1,
		} };

	if (j->stage >= POLICY_MAIL)
		add_mail(&m.policy_ask, s->mail);
	if (j->stage == POLICY_MESSAGE)
		add_message(&m.policy_ask, &s->mail->judged->view);
	ipc_call(ipc_link(ROLE_POLICY, 0, 0), &m, &j->call, MSG_policy_judged,
	    on_judged, j->until_ms - ev_now_ms());
}

static void
ask(struct smtpd_judging *j)
{
	static uint64_t last_number;

	if (j->session->number == 0)
		j->session->number = ++last_number;
	j->again = false;
	j->until_ms = ev_now_ms() + smtpd_conf->policy_timeout;
	ev_timer_init(&j->later, on_later);
	ask_now(j);
}

static void
cancel(struct smtpd_judging *j)
{
	ipc_cancel(&j->call);
	ev_timer_stop(&j->later);
}

static void
end(struct smtpd_session *s)
{
	if (s->number != 0)
		IPC_SEND(ipc_link(ROLE_POLICY, 0, 0), policy_end,
		    .session = s->number);
	s->number = 0;
}

const struct smtpd_judge smtpd_judge_policy = {
	.needs = needs,
	.ask = ask,
	.cancel = cancel,
	.end = end,
};
