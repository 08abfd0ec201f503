/* SPDX-License-Identifier: ISC */
#include "smtpd/dialog.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ev/stream.h"
#include "log/log.h"
#include "smtpd/conf.h"
#include "smtpd/judge/policy.h"
#include "smtpd/protocol.h"
#include "smtpd/transaction.h"

enum { REPLY_MAX = 1024 };

/* ---- replies ---- */

/* "550 5.7.1 " of a LINE like that. */
static struct slice
codes_of(struct slice line)
{
	const size_t code = slice_find(line, ' ') + 1;
	const size_t n = code + slice_find(slice_from(line, code), ' ') + 1;

	return slice_sub(line, 0, n <= line.n ? n : 0);
}

static void
reply_lines(struct smtpd_session *s, struct slice text)
{
	struct buf *out = stream_out(&s->front.stream);
	const struct slice codes = codes_of(text);
	bool first = true;

	while (text.n > 0 || first) {
		const struct slice line = slice_cut(text, '\n', &text);
		const size_t at = out->n + (codes.n > 0 ? 3 : 0);

		if (!first)
			buf_add(out, codes);
		buf_add(out, line);
		buf_adds(out, "\r\n");
		if (text.n > 0 && !out->failed && at < out->n)
			out->p[at] = '-';
		first = false;
	}
}

void
smtpd_reply(struct smtpd_session *s, const char *line)
{
	if (s->front.state == FRONT_CLOSING)
		return;
	reply_lines(s, slice_str(line));
	if (line[0] == '5')
		smtpd_policy_failed(s);
	log_debug("smtpd.reply", kv_s("sid", s->front.sid), kv_s("line", line));
}

void
smtpd_replyf(struct smtpd_session *s, const char *fmt, ...)
{
	char line[REPLY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	smtpd_reply(s, line);
}

void
smtpd_mistake(struct smtpd_session *s, const char *line)
{
	smtpd_reply(s, line);
	if (++s->errors >= smtpd_conf->max_errors)
		smtpd_hangup(s, "4.7.0", "Too many errors");
}

void
smtpd_junk(struct smtpd_session *s)
{
	if (++s->junk > smtpd_conf->max_junk_commands &&
	    ++s->errors >= smtpd_conf->max_errors)
		smtpd_hangup(s, "4.7.0", "Too many junk commands");
}

void
smtpd_hangup(struct smtpd_session *s, const char *code, const char *text)
{
	smtpd_replyf(
	    s, "421 %s %s %s", code, smtpd_conf->shared.hostname, text);
	front_close(&s->front, text);
}

/* ---- state and mode ---- */

void
smtpd_session_enter(struct smtpd_session *s, enum smtpd_state state)
{
	s->state = state;
	if (state <= SMTPD_GREETED)
		smtpd_mail_free(&s->mail);
}

void
smtpd_session_forget(struct smtpd_session *s)
{
	smtpd_session_enter(s, SMTPD_NEW);
	xfree(&s->helo);
	xfree(&s->login);
	s->mechanism = NULL;
	xfree(&s->client_name);
	s->extended = false;
}

void
smtpd_session_greet(struct smtpd_session *s)
{
	smtpd_replyf(s, "220 %s %s pabal", smtpd_conf->shared.hostname,
	    s->protocol->banner);
	smtpd_session_mode(s, SMTPD_LINES);
}

void
smtpd_session_touch(struct smtpd_session *s)
{
	switch (s->mode) {
	case SMTPD_LINES:
	case SMTPD_AUTH:
		front_deadline(&s->front, smtpd_conf->command_timeout);
		break;
	case SMTPD_DATA:
	case SMTPD_CHUNK:
		front_deadline(&s->front, smtpd_conf->data_timeout);
		break;
	case SMTPD_WAIT:
	case SMTPD_QUIET:
		front_deadline(&s->front, 0);
		break;
	}
}

/* Replies to pipelined commands share a write: while another daemon is asked,
 * the client has sent more and waits for all of it. */
void
smtpd_session_hold(struct smtpd_session *s)
{
	struct stream *st = &s->front.stream;
	const bool asking = s->mail != NULL && s->mail->nasks > 0;
	const bool held_up =
	    s->mode == SMTPD_LINES && st->paused && stream_input(st).n > 0;

	if (s->front.state == FRONT_OPEN)
		stream_cork(st, (asking || s->mode == SMTPD_WAIT || held_up) &&
				    stream_waiting(st) <= SMTPD_OUT_HIGH);
}

void
smtpd_session_mode(struct smtpd_session *s, enum smtpd_mode mode)
{
	const bool idle =
	    mode == SMTPD_LINES || mode == SMTPD_AUTH || mode == SMTPD_QUIET;
	struct stream *st = &s->front.stream;

	if (s->front.state != FRONT_OPEN)
		return;
	s->mode = mode;
	/* Some clients send the dot behind a message apart. */
	stream_quickack(st, mode == SMTPD_DATA || mode == SMTPD_CHUNK);
	smtpd_session_touch(s);
	if (mode == SMTPD_WAIT)
		stream_pause(st);
	else
		stream_resume(st);
	smtpd_session_hold(s);
	front_work(&s->front, idle ? FRONT_IDLE : FRONT_WORKS);
}
