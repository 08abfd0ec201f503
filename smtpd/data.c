/* SPDX-License-Identifier: ISC */
#include "smtpd/data.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "front/session.h"
#include "log/log.h"
#include "mime/wire.h"
#include "queue/envelope.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/metrics.h"
#include "smtpd/protocol.h"
#include "smtpd/received.h"
#include "smtpd/record.h"
#include "smtpd/scan.h"
#include "smtpd/spool.h"
#include "smtpd/starttls.h"
#include "smtpd/transaction.h"
#include "sys/clock.h"

enum {
	PROGRESS_BYTES = 16384, /* what must come within data_timeout */
	FIELD_MAX = 4096,
};

/* The message of a transaction, from DATA on; in its arena. */
struct smtpd_data {
	struct smtpd_scan scan;
	struct smtpd_mail *mail;
	const char *refusal; /* the reply at the end; NULL: none so far */
	int64_t size_max;    /* message_size_limit when DATA began */
	int64_t unused;      /* bytes thrown away after a refusal */
	size_t progress;     /* bytes since the deadline was moved */
	bool fix;            /* add what is missing in the header */
};

/* ---- the answer ---- */

/* The reply to the final dot: one, or for LMTP one a recipient (RFC 2033
 * 4.2).  The transaction is over. */
static void
conclude(struct smtpd_session *s, const char *reply)
{
	const struct envelope *env = &s->mail->env;
	struct slice text;
	const struct slice code = slice_cut(slice_str(reply), ' ', &text);
	const struct slice enhanced = slice_cut(text, ' ', &text);

	if (s->protocol->speaks != SMTPD_SPEAKS_LMTP)
		smtpd_reply(s, reply);
	else
		for (size_t i = 0; i < env->nrcpts; i++)
			smtpd_replyf(s, "%.*s %.*s <%.*s> %.*s",
			    SLICE_FMT(code), SLICE_FMT(enhanced),
			    SLICE_FMT(env->rcpts[i].address), SLICE_FMT(text));
	smtpd_session_enter(s, SMTPD_GREETED);
	smtpd_session_mode(s, SMTPD_LINES);
}

static void
log_refused(const struct smtpd_session *s, const char *why)
{
	const struct smtpd_mail *mail = s->mail;

	log_info("mail.refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_slice("from", mail->env.sender),
	    kv_i("size", mail->data->scan.size), kv_s("why", why));
	smtpd_count(why[0] == '4' ? SMTPD_COUNT_messages_deferred
				  : SMTPD_COUNT_messages_refused,
	    1);
}

static void
on_committed(void *arg, enum smtpd_spool_result result)
{
	static const char *const failures[] = {
		[SMTPD_SPOOL_FULL] = "452 4.3.1 Insufficient system storage",
		[SMTPD_SPOOL_FAILED] = "451 4.3.0 Queue file write error",
	};
	struct smtpd_session *s = arg;
	const struct smtpd_mail *mail = s->mail;
	const struct smtpd_spool *spool = mail->spool;
	const char *qid = smtpd_spool_qid(spool);
	char reply[64];

	if (result != SMTPD_SPOOL_OK) {
		log_refused(s, failures[result]);
		conclude(s, failures[result]);
		return;
	}
	log_info("mail.accepted", kv_s("sid", s->front.sid), kv_s("qid", qid),
	    kv_s("client", s->front.ip),
	    kv_s("account", s->login != NULL ? s->login : ""),
	    kv_slice("from", mail->env.sender),
	    kv_i("size", smtpd_spool_size(spool)),
	    kv_u("nrcpt", mail->env.nrcpts),
	    kv_slice("protocol", mail->env.protocol),
	    kv_i("ms", ev_now_ms() - mail->began_ms),
	    kv_slice("message_id", smtpd_msgid_text(&mail->data->scan.id)));
	smtpd_count(SMTPD_COUNT_messages, 1);
	smtpd_count(SMTPD_COUNT_message_bytes, smtpd_spool_size(spool));
	s->front.served++;
	s->errors = s->junk = 0;
	snprintf(reply, sizeof reply, "250 2.0.0 Ok: queued as %s", qid);
	conclude(s, reply);
}

/* ---- the message ---- */

/* The message will not be accepted: its file can go. */
static void
refuse(struct smtpd_data *d, const char *reply)
{
	if (d->refusal != NULL)
		return;
	d->refusal = reply;
	smtpd_mail_drop(d->mail);
}

static void
put(struct smtpd_data *d, struct slice bytes)
{
	smtpd_spool_put(d->mail->spool, bytes);
	smtpd_record_feed(&d->mail->parser, bytes);
}

static void
on_bytes(struct smtpd_scan *sc, struct slice bytes)
{
	struct smtpd_data *d = OUTER(sc, struct smtpd_data, scan);

	if (sc->size > d->size_max)
		refuse(d, "552 5.3.4 Message too large");
	if (d->refusal == NULL)
		put(d, bytes);
}

static void
add_id(struct smtpd_data *d, struct buf *out)
{
	const size_t at = out->n + sizeof "Message-ID:" - 1;

	buf_addf(out, "Message-ID: <%s@%s>\r\n",
	    smtpd_spool_qid(d->mail->spool), smtpd_conf->shared.hostname);
	smtpd_msgid_feed(&d->scan.id, slice_from(buf_slice(out), at));
}

/* Submitted mail gets what it needs to be mail (RFC 6409 8). */
static void
on_header(struct smtpd_scan *sc)
{
	struct smtpd_data *d = OUTER(sc, struct smtpd_data, scan);
	const struct slice sender = d->mail->env.sender;
	struct buf out = { .max = FIELD_MAX };

	if (!d->fix || d->refusal != NULL)
		return;
	if ((sc->fields & SMTPD_SCAN_DATE) == 0) {
		buf_adds(&out, "Date: ");
		smtpd_date(clock_wall_s(), &out);
		buf_adds(&out, "\r\n");
	}
	if ((sc->fields & SMTPD_SCAN_MESSAGE_ID) == 0)
		add_id(d, &out);
	if ((sc->fields & SMTPD_SCAN_FROM) == 0 && sender.n > 0)
		buf_addf(&out, "From: <%.*s>\r\n", SLICE_FMT(sender));
	if (out.n > 0)
		put(d, buf_slice(&out));
	buf_fini(&out);
}

static void
judge(struct smtpd_data *d)
{
	const struct smtpd_scan *sc = &d->scan;

	if ((sc->faults & SMTPD_SCAN_BARE) != 0)
		refuse(d, "550 5.6.11 Bare CR or LF not allowed");
	if ((sc->faults & SMTPD_SCAN_NUL) != 0)
		refuse(d, "554 5.6.0 NUL character in message");
	if ((sc->faults & SMTPD_SCAN_LONG) != 0)
		refuse(d, "554 5.6.0 Message line too long");
	if (sc->received > smtpd_conf->max_received)
		refuse(d, "554 5.4.6 Too many hops");
	if (sc->ended && (uint64_t)sc->size > d->mail->room_max)
		refuse(d, "552 5.2.2 Message exceeds mailbox quota");
}

static void
finish(struct smtpd_session *s)
{
	struct smtpd_data *d = s->mail->data;
	struct buf record = { .max = MIME_WIRE_MAX };

	if (d->refusal != NULL) {
		log_refused(s, d->refusal);
		conclude(s, d->refusal);
		return;
	}
	smtpd_session_mode(s, SMTPD_WAIT);
	smtpd_record_finish(&d->mail->parser, &record);
	smtpd_spool_commit(d->mail->spool, buf_slice(&record), on_committed, s);
	buf_fini(&record);
}

/* There is one, or why there is none shows at the commit. */
static void
on_file(void *arg, enum smtpd_spool_result result)
{
	(void)result;
	smtpd_session_mode(arg, SMTPD_DATA);
}

size_t
smtpd_data_input(struct smtpd_session *s, struct slice in)
{
	struct smtpd_data *d = s->mail->data;
	const size_t n = smtpd_scan(&d->scan, in);

	judge(d);
	if (d->scan.ended) {
		finish(s);
		return n;
	}
	d->progress += n;
	if (d->progress >= PROGRESS_BYTES) {
		d->progress = 0;
		smtpd_session_touch(s);
	}
	if (d->refusal == NULL) {
		if (smtpd_spool_rest(d->mail->spool, on_file, s))
			smtpd_session_mode(s, SMTPD_WAIT);
	} else if ((d->unused += (int64_t)n) > d->size_max)
		smtpd_hangup(
		    s, "4.7.0", "Too much data after a rejected message");
	return n;
}

/* ---- the command ---- */

static void
put_received(const struct smtpd_session *s)
{
	const struct envelope *env = &s->mail->env;
	struct smtpd_data *d = s->mail->data;
	struct buf out = { .max = FIELD_MAX };
	struct smtpd_trace t = {
		.helo = env->helo,
		.ip = s->front.local ? SLICE("") : slice_str(s->front.ip),
		.uid = slice_from(slice_str(s->front.ip), sizeof "local:" - 1),
		.hostname = slice_str(smtpd_conf->shared.hostname),
		.with = env->protocol,
		.qid = slice_str(smtpd_spool_qid(d->mail->spool)),
		.when_s = clock_wall_s(),
	};

	if (env->nrcpts == 1)
		t.rcpt = env->rcpts[0].address;
	smtpd_starttls_trace(s, &t);
	smtpd_received(&t, &out);
	put(d, buf_slice(&out));
	buf_fini(&out);
}

/* No file: what was sent without waiting for 354 must not become commands. */
static void
go_without(struct smtpd_session *s, const char *reply)
{
	log_refused(s, reply);
	smtpd_mail_drop(s->mail);
	smtpd_reply(s, reply);
	if (stream_input(&s->front.stream).n > 0)
		smtpd_hangup(
		    s, "4.7.0", "Improper command pipelining after DATA");
	smtpd_session_mode(s, SMTPD_LINES);
}

static void
on_opened(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_session *s = arg;

	if (result == SMTPD_SPOOL_FULL) {
		go_without(s, "452 4.3.1 Insufficient system storage");
	} else if (result == SMTPD_SPOOL_FAILED) {
		go_without(s, "451 4.3.0 Queue manager unavailable");
	} else {
		put_received(s);
		smtpd_reply(s, "354 End with <CR><LF>.<CR><LF>");
		smtpd_session_mode(s, SMTPD_DATA);
	}
}

static struct smtpd_data *
data_new(struct smtpd_session *s)
{
	struct smtpd_data *d = arena_new(&s->mail->arena, struct smtpd_data);

	d->mail = s->mail;
	d->size_max = smtpd_conf->shared.message_size_limit;
	if (s->mail->for_mailbox)
		d->mail->parser = smtpd_record_parser();
	d->fix = s->protocol->submission || s->front.local;
	smtpd_scan_init(&d->scan, on_bytes, on_header);
	d->scan.line_max = smtpd_conf->max_line_length;
	d->scan.normalise =
	    smtpd_conf->bare_newline == SMTPD_BARE_NEWLINE_NORMALISE;
	d->scan.strip_bcc = d->fix && smtpd_conf->strip_bcc;
	return d;
}

void
smtpd_data_command(struct smtpd_session *s, struct slice args)
{
	struct smtpd_mail *mail = s->mail;
	struct envelope *env = &mail->env;

	(void)args;
	env->client = slice_str(s->front.ip);
	env->helo = slice_str(s->helo);
	env->login = slice_str(s->login);
	env->protocol = slice_str(
	    smtpd_with(s->protocol->speaks == SMTPD_SPEAKS_LMTP, s->extended,
		env->smtputf8, front_tls(&s->front), s->login != NULL));
	mail->data = data_new(s);
	smtpd_session_mode(s, SMTPD_WAIT);
	mail->spool =
	    smtpd_spool_open(env, mail->size_said, s->front.sid, on_opened, s);
}
