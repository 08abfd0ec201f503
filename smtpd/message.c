/* SPDX-License-Identifier: ISC */
#include "smtpd/message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "ev/stream.h"
#include "front/session.h"
#include "mailauth/authres.h"
#include "queue/envelope.h"
#include "smtpd/bcc.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/session.h"
#include "smtpd/owner.h"
#include "smtpd/protocol.h"
#include "smtpd/record.h"
#include "smtpd/scan.h"
#include "smtpd/spool.h"
#include "smtpd/trace.h"
#include "smtpd/transaction.h"

enum { FIELD_MAX = 4096, WATCHED_MAX = 64 << 10 };

/* ---- the message ---- */

void
smtpd_message_refuse(struct smtpd_message *m, const char *reply)
{
	if (m->refusal != NULL)
		return;
	m->refusal = reply;
	smtpd_mail_drop(m->mail);
}

static void
put(struct smtpd_message *m, struct slice bytes)
{
	smtpd_spool_put(m->mail->spool, bytes);
	smtpd_record_feed(&m->mail->parser, bytes);
}

static void
on_bytes(struct smtpd_scan *sc, struct slice bytes)
{
	struct smtpd_message *m = OUTER(sc, struct smtpd_message, scan);

	if (sc->size > m->stored_max)
		smtpd_message_refuse(m, "552 5.3.4 Message too large");
	if (m->refusal != NULL)
		return;
	if (m->mail->owner != NULL)
		smtpd_owner_add(m->mail->owner, bytes);
	put(m, bytes);
}

static void
add_id(struct smtpd_message *m, struct buf *out)
{
	const size_t at = out->n + sizeof "Message-ID:" - 1;

	buf_addf(out, "Message-ID: <%s@%s>\r\n",
	    smtpd_spool_qid(m->mail->spool), smtpd_conf->shared.hostname);
	smtpd_msgid_feed(&m->scan.id, slice_from(buf_slice(out), at));
}

/* A result in our name that is none of ours (RFC 8601 5). */
static bool
is_forged(struct smtpd_scan *sc, struct slice field)
{
	struct slice value;

	(void)sc;
	(void)slice_cut(field, ':', &value);
	return authres_is_of(value, slice_str(smtpd_conf->shared.hostname));
}

/* Submitted mail gets what it needs to be mail (RFC 6409 8). */
static void
on_header(struct smtpd_scan *sc)
{
	struct smtpd_message *m = OUTER(sc, struct smtpd_message, scan);
	const struct slice sender = m->mail->env.sender;
	struct buf out = { .max = FIELD_MAX };

	if (m->mail->owner != NULL)
		smtpd_owner_end(m->mail->owner);
	if (!m->fix || m->refusal != NULL)
		return;
	if ((sc->fields & SMTPD_SCAN_DATE) == 0)
		smtpd_trace_date(&out);
	if ((sc->fields & SMTPD_SCAN_MESSAGE_ID) == 0)
		add_id(m, &out);
	if ((sc->fields & SMTPD_SCAN_FROM) == 0 && sender.n > 0)
		buf_addf(&out, "From: <%.*s>\r\n", SLICE_FMT(sender));
	if (out.n > 0)
		put(m, buf_slice(&out));
	buf_fini(&out);
}

void
smtpd_message_judge(struct smtpd_message *m)
{
	const struct smtpd_scan *sc = &m->scan;

	if ((sc->faults & SMTPD_SCAN_BARE) != 0)
		smtpd_message_refuse(m, "550 5.6.11 Bare CR or LF not allowed");
	if ((sc->faults & SMTPD_SCAN_NUL) != 0)
		smtpd_message_refuse(m, "554 5.6.0 NUL character in message");
	if ((sc->faults & SMTPD_SCAN_LONG) != 0)
		smtpd_message_refuse(m, "554 5.6.0 Message line too long");
	if (sc->received > smtpd_conf->max_received)
		smtpd_message_refuse(m, "554 5.4.6 Too many hops");
	if (sc->ended && (uint64_t)sc->size > m->mail->room_max)
		smtpd_message_refuse(
		    m, "552 5.2.2 Message exceeds mailbox quota");
}

/* There is one, or why there is none shows at the commit. */
static void
on_file(void *arg, enum smtpd_spool_result result)
{
	const struct smtpd_session *s = arg;

	(void)result;
	smtpd_session_mode(arg, s->mail->message->after_rest);
}

void
smtpd_message_rest(struct smtpd_session *s)
{
	struct smtpd_message *m = s->mail->message;

	if (m->refusal != NULL || !smtpd_spool_rest(m->mail->spool, on_file, s))
		return;
	m->after_rest = s->mode;
	smtpd_session_mode(s, SMTPD_WAIT);
}

void
smtpd_message_progress(struct smtpd_session *s, size_t n)
{
	struct smtpd_message *m = s->mail->message;

	m->read += (int64_t)n;
	m->progress += n;
	if (m->progress >= SMTPD_PROGRESS_BYTES) {
		m->progress = 0;
		smtpd_session_touch(s);
	}
	if (m->refusal != NULL && m->read > SMTPD_PATIENCE * m->size_max)
		smtpd_hangup(
		    s, "4.7.0", "Too much data after a rejected message");
}

/* ---- its start ---- */

static void
put_fields(struct smtpd_session *s)
{
	struct buf out = { .max = FIELD_MAX };

	smtpd_trace_fields(s, &out);
	put(s->mail->message, buf_slice(&out));
	buf_fini(&out);
}

static void
on_judged(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	struct smtpd_message *m = s->mail->message;

	if (smtpd_verdict_ends(v))
		smtpd_message_refuse(
		    m, arena_str(&s->mail->arena, slice_str(v->reply)));
	else
		smtpd_mail_judged(s->mail, v);
	m->opened(s);
}

static void
on_opened(void *arg, enum smtpd_spool_result result)
{
	static const char *const failures[] = {
		[SMTPD_SPOOL_FULL] = "452 4.3.1 Insufficient system storage",
		[SMTPD_SPOOL_FAILED] = "451 4.3.0 Queue manager unavailable",
	};
	struct smtpd_session *s = arg;
	struct smtpd_message *m = s->mail->message;

	if (result != SMTPD_SPOOL_OK) {
		smtpd_message_refuse(m, failures[result]);
		m->opened(s);
		return;
	}
	put_fields(s);
	m->head = smtpd_spool_size(s->mail->spool);
	if (!smtpd_judge_session(s, POLICY_DATA, on_judged))
		m->opened(s);
}

struct smtpd_message *
smtpd_message_new(struct smtpd_session *s)
{
	struct smtpd_message *m =
	    arena_new(&s->mail->arena, struct smtpd_message);

	m->mail = s->mail;
	m->size_max = m->stored_max = smtpd_conf->shared.message_size_limit;
	if (s->mail->for_mailbox)
		m->mail->parser = smtpd_record_parser();
	m->fix = s->protocol->submission || s->front.local;
	if (s->login != NULL &&
	    smtpd_conf->sender_login != SMTPD_SENDER_LOGIN_NO)
		m->mail->owner = smtpd_owner_new(s->login, &s->mail->arena);
	smtpd_scan_init(&m->scan, on_bytes, on_header);
	m->scan.line_max = smtpd_conf->max_line_length;
	m->scan.normalise =
	    smtpd_conf->bare_newline == SMTPD_BARE_NEWLINE_NORMALISE;
	if (!s->front.trusted || s->front.local || s->login != NULL) {
		s->mail->field = xcalloc(1, sizeof *s->mail->field);
		buf_init(s->mail->field, WATCHED_MAX);
		m->scan.field = s->mail->field;
		m->scan.watched = "Authentication-Results";
		m->scan.is_unwanted = is_forged;
	}
	m->scan.strip_bcc = m->fix && smtpd_conf->strip_bcc;
	return s->mail->message = m;
}

void
smtpd_message_open(struct smtpd_session *s, int64_t size_said,
    void (*opened)(struct smtpd_session *s))
{
	struct smtpd_mail *mail = s->mail;
	struct envelope *env = &mail->env;

	env->client = slice_str(s->front.ip);
	env->client_name = slice_str(s->client_name);
	env->helo = slice_str(s->helo);
	env->login = slice_str(s->login);
	env->protocol = slice_str(smtpd_trace_protocol(s));
	/* LMTP has an answer for each recipient. */
	if (s->protocol->speaks != SMTPD_SPEAKS_LMTP)
		smtpd_bcc_add(mail);
	mail->message->opened = opened;
	smtpd_session_mode(s, SMTPD_WAIT);
	mail->spool =
	    smtpd_spool_open(env, size_said, s->front.sid, on_opened, s);
}
