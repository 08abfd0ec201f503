/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/milter.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "front/session.h"
#include "ipc/milter.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judging.h"
#include "smtpd/judge/macros.h"

enum {
	TEXT_BYTES = 8192,
	FACTS_BYTES = 16384,
	/* From the end of milter to the next question: master has noticed it
	 * then. */
	AGAIN_MS = 50,
};

/* A session as milter knows it. */
struct smtpd_milter {
	uint64_t number;
	unsigned epoch;  /* of the process that knows it */
	unsigned stages; /* at which filters want to be asked */
	bool told;       /* the client was told of */
	bool told_helo;
	bool in_mail;
	bool discard;
};

static unsigned epoch;
static void (*end_session)(
    struct smtpd_session *s, const char *code, const char *text);

void
smtpd_milter_start(
    void (*hangup)(struct smtpd_session *s, const char *code, const char *text))
{
	end_session = hangup;
}

void
smtpd_milter_on_gone(struct ipc *peer)
{
	if (ipc_role(peer) == ROLE_MILTER)
		epoch++;
}

static enum milter_stage
stage_of(enum policy_stage stage)
{
	static const enum milter_stage stages[POLICY_STAGE_COUNT] = {
		[POLICY_CONNECT] = MILTER_CONNECT,
		[POLICY_HELO] = MILTER_HELO,
		[POLICY_MAIL] = MILTER_MAIL,
		[POLICY_RCPT] = MILTER_RCPT,
		[POLICY_DATA] = MILTER_DATA,
		[POLICY_UNKNOWN] = MILTER_UNKNOWN,
	};

	return stages[stage];
}

static bool
is_known(const struct smtpd_milter *m)
{
	return m != NULL && m->told && m->epoch == epoch;
}

static bool
wants(const struct smtpd_session *s, enum milter_stage stage)
{
	const struct smtpd_milter *m = s->milter;

	if (smtpd_conf->milters.n == 0)
		return false;
	/* A lost one comes back at MAIL; till then it is missed. */
	if (!is_known(m))
		return stage != MILTER_UNKNOWN;
	return (m->stages & 1U << stage) != 0 && !m->discard;
}

static bool
needs(const struct smtpd_session *s, enum policy_stage stage)
{
	/* The message is shown to filters otherwise (review.h). */
	return stage != POLICY_EARLY && stage != POLICY_MESSAGE &&
	       wants(s, stage_of(stage));
}

static struct ipc *
link(void)
{
	return ipc_link(ROLE_MILTER, 0, 0);
}

/* ---- what is said ---- */

static void
put_text(struct buf *out, struct slice text)
{
	buf_add(out, slice_sub(text, 0, slice_find(text, '\0')));
	buf_addc(out, '\0');
}

static void
put_client(const struct smtpd_session *s, struct buf *out)
{
	struct buf room = { .max = 1024 };
	struct slice name, ip;

	smtpd_macros_client(s, &name, &ip, &room);
	put_text(out, name);
	put_text(out, ip);
	buf_addf(out, "%u", (unsigned)s->front.port);
	buf_addc(out, '\0');
	buf_fini(&room);
}

static void
put_path(struct buf *out, struct slice address)
{
	buf_addf(out, "<%.*s>", SLICE_FMT(address));
	buf_addc(out, '\0');
}

static void
put_texts(
    const struct smtpd_judging *j, enum milter_stage stage, struct buf *out)
{
	const struct smtpd_session *s = j->session;

	switch (stage) {
	case MILTER_CONNECT:
		put_client(s, out);
		return;
	case MILTER_HELO:
		put_text(out, slice_str(s->helo));
		return;
	case MILTER_MAIL:
		smtpd_macros_mail(s, out);
		return;
	case MILTER_RCPT:
		put_path(out, j->rcpt);
		return;
	case MILTER_UNKNOWN:
		put_text(out, j->rcpt);
		return;
	case MILTER_DATA:
	case MILTER_END:
	case MILTER_STAGE_COUNT:
	default:
		return;
	}
}

static void
put_names(struct buf *out)
{
	const struct conf_list *list = &smtpd_conf->milters;

	for (size_t i = 0; i < list->n; i++)
		buf_addf(out, "%s%s", i > 0 ? " " : "", list->v[i]);
}

/* ---- what is heard ---- */

void
smtpd_milter_unavailable(const struct smtpd_session *s, struct smtpd_verdict *v)
{
	const bool defer =
	    smtpd_conf->milter_unavailable == SMTPD_MILTER_UNAVAILABLE_DEFER;

	log_warn("smtpd.milter-unavailable", kv_s("sid", s->front.sid),
	    kv_s("action", defer ? "defer" : "accept"));
	*v = (struct smtpd_verdict){ .action = POLICY_ACCEPT };
	if (defer)
		smtpd_verdict_read(v, POLICY_DEFER, 451, SLICE("4.3.0"),
		    SLICE("Mail filter is not available, try again later"),
		    SLICE(""));
}

void
smtpd_milter_refusal(struct slice text, struct smtpd_verdict *v)
{
	const struct slice digits = slice_cut(text, ' ', &text);
	const struct slice enhanced = slice_cut(text, ' ', &text);
	uint32_t code = 0;

	for (size_t i = 0; i < digits.n && i < 3; i++)
		if (ascii_isdigit(digits.p[i]))
			code = code * 10 + (uint32_t)(digits.p[i] - '0');
	smtpd_verdict_read(v, code / 100 == 5 ? POLICY_REFUSE : POLICY_DEFER,
	    code, enhanced, text, SLICE(""));
}

static void ask_next(struct smtpd_judging *j);

static void
on_later(struct ev_timer *t)
{
	ask_next(OUTER(t, struct smtpd_judging, later));
}

/* milter has ended, or does not know the session: from its beginning, where
 * that makes sense.  Not a third time, in case it was the question that ended
 * it. */
static bool
ask_again(struct smtpd_judging *j)
{
	if (j->again || j->stage == POLICY_RCPT || j->stage == POLICY_DATA ||
	    j->stage == POLICY_UNKNOWN || ev_now_ms() + AGAIN_MS >= j->until_ms)
		return false;
	j->again = true;
	j->session->milter->told = false;
	ev_timer_set(&j->later, AGAIN_MS);
	return true;
}

void
smtpd_milter_hang_up(struct smtpd_session *s)
{
	if (s->front.state != FRONT_CLOSING)
		end_session(s, "4.7.0", "Closing connection");
}

/* The verdict is there; the session may have to end behind its reply. */
static void
say(struct smtpd_judging *j, const struct smtpd_verdict *v, bool hangup)
{
	struct smtpd_session *s = j->session;

	j->said(j, v);
	if (hangup)
		smtpd_milter_hang_up(s);
}

static void
take_answer(struct smtpd_judging *j, const struct msg_milter_judged *in)
{
	struct smtpd_milter *m = j->session->milter;
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };

	m->stages = in->stages;
	m->discard |= in->verdict == MILTER_DISCARD;
	if (in->verdict == MILTER_REFUSE || in->verdict == MILTER_HANGUP)
		smtpd_milter_refusal(in->text, &v);
	else if (j->step != (unsigned)stage_of(j->stage)) {
		ask_next(j);
		return;
	}
	say(j, &v, in->verdict == MILTER_HANGUP);
}

static void
on_judged(struct ipc_call *call, struct msg *m)
{
	struct smtpd_judging *j = OUTER(call, struct smtpd_judging, call);
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };

	if (m != NULL && m->milter_judged.verdict < MILTER_LOST) {
		take_answer(j, &m->milter_judged);
		return;
	}
	if (ask_again(j))
		return;
	smtpd_milter_unavailable(j->session, &v);
	say(j, &v, false);
}

/* ---- asking ---- */

/* What milter is to be told first. */
static enum milter_stage
next_stage(const struct smtpd_judging *j)
{
	const struct smtpd_session *s = j->session;

	if (!is_known(s->milter))
		return MILTER_CONNECT;
	if (!s->milter->told_helo && s->helo != NULL &&
	    j->stage != POLICY_CONNECT && j->stage != POLICY_UNKNOWN)
		return MILTER_HELO;
	return stage_of(j->stage);
}

static void
note_told(struct smtpd_milter *m, enum milter_stage stage)
{
	static uint64_t last_number;

	if (stage == MILTER_CONNECT) {
		m->number = ++last_number;
		m->epoch = epoch;
		m->told = true;
		m->told_helo = false;
	}
	m->told_helo |= stage == MILTER_HELO;
	m->in_mail |= stage == MILTER_MAIL;
}

static void
ask_next(struct smtpd_judging *j)
{
	const struct smtpd_session *s = j->session;
	const enum milter_stage stage = next_stage(j);
	struct buf names = { .max = TEXT_BYTES }, texts = { .max = TEXT_BYTES };
	struct buf facts = { .max = FACTS_BYTES };

	j->step = stage;
	note_told(s->milter, stage);
	put_names(&names);
	put_texts(j, stage, &texts);
	smtpd_macros_put(s, stage == MILTER_RCPT ? j->rcpt : SLICE(""), &facts);
	IPC_CALL(link(), &j->call, milter_judged, on_judged,
	    j->until_ms - ev_now_ms(), milter_ask, .session = s->milter->number,
	    .stage = stage, .filters = buf_slice(&names),
	    .sid = slice_str(s->front.sid), .texts = buf_slice(&texts),
	    .facts = buf_slice(&facts));
	buf_fini(&names);
	buf_fini(&texts);
	buf_fini(&facts);
}

/* In the middle of a message there is no way back to its beginning. */
static bool
is_lost(const struct smtpd_judging *j)
{
	return !is_known(j->session->milter) &&
	       (j->stage == POLICY_RCPT || j->stage == POLICY_DATA);
}

static void
on_lost(struct ev_timer *t)
{
	struct smtpd_judging *j = OUTER(t, struct smtpd_judging, later);
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };

	smtpd_milter_unavailable(j->session, &v);
	say(j, &v, false);
}

static void
ask(struct smtpd_judging *j)
{
	struct smtpd_session *s = j->session;
	const bool lost = is_lost(j) || !ipc_has(ROLE_MILTER);

	if (s->milter == NULL)
		s->milter = xcalloc(1, sizeof *s->milter);
	if (j->stage == POLICY_HELO)
		s->milter->told_helo = false;
	j->again = false;
	j->until_ms = ev_now_ms() + smtpd_conf->milter_timeout;
	ev_timer_init(&j->later, lost ? on_lost : on_later);
	if (lost)
		ev_timer_set(&j->later, 0);
	else
		ask_next(j);
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
	if (is_known(s->milter))
		IPC_SEND(link(), milter_end, .session = s->milter->number);
	xfree(&s->milter);
}

const struct smtpd_judge smtpd_judge_milter = {
	.needs = needs,
	.ask = ask,
	.cancel = cancel,
	.end = end,
};

/* ---- the message ---- */

bool
smtpd_milter_sees(const struct smtpd_session *s)
{
	return wants(s, MILTER_END);
}

bool
smtpd_milter_discards(const struct smtpd_session *s)
{
	return s->milter != NULL && s->milter->discard;
}

void
smtpd_milter_show(struct smtpd_session *s, int fd, int64_t offset, int64_t size,
    struct ipc_call *call, void (*done)(struct ipc_call *call, struct msg *m))
{
	struct buf facts = { .max = FACTS_BYTES };

	smtpd_macros_put(s, SLICE(""), &facts);
	IPC_CALL(link(), call, milter_done, done, smtpd_conf->milter_timeout,
	    milter_message, .session = s->milter->number,
	    .facts = buf_slice(&facts), .offset = offset, .size = size,
	    .file = fd);
	buf_fini(&facts);
}

void
smtpd_milter_abort(struct smtpd_session *s)
{
	struct smtpd_milter *m = s->milter;

	if (m == NULL)
		return;
	if (m->in_mail && is_known(m))
		IPC_SEND(link(), milter_abort, .session = m->number);
	m->in_mail = m->discard = false;
}
