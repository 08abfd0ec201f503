/* SPDX-License-Identifier: ISC */
#include "login/session.h"

#include <stdarg.h>
#include <stdio.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "ev/stream.h"
#include "login/conf.h"

enum { REPLY_MAX = 1024 };

void
login_reply(struct login_session *s, const char *fmt, ...)
{
	char line[REPLY_MAX];
	va_list ap;

	if (s->front.state == FRONT_CLOSING)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line - 2, fmt, ap);
	va_end(ap);
	strlcat(line, "\r\n", sizeof line);
	stream_write(&s->front.stream, slice_str(line));
}

void
login_hangup(struct login_session *s, const char *code, const char *text)
{
	struct buf words = { .max = REPLY_MAX };

	if (s->front.state == FRONT_CLOSING)
		return;
	s->dialect->bye(code, text, &words);
	stream_write(&s->front.stream, buf_slice(&words));
	buf_fini(&words);
	front_close(&s->front, text);
}

void
login_mistake(struct login_session *s)
{
	if (++s->errors >= login_conf->max_errors)
		login_hangup(s, "UNAVAILABLE", "Too many errors");
}

void
login_mode(struct login_session *s, enum login_mode mode)
{
	static const enum front_work work[] = {
		[LOGIN_LINES] = FRONT_IDLE,
		[LOGIN_SASL] = FRONT_IDLE,
		[LOGIN_WAIT] = FRONT_ASKS,
		[LOGIN_PUMP] = FRONT_WORKS,
	};

	if (s->front.state != FRONT_OPEN)
		return;
	s->mode = mode;
	if (mode == LOGIN_PUMP)
		front_deadline(&s->front, 0);
	if (mode == LOGIN_WAIT)
		stream_pause(&s->front.stream);
	else
		stream_resume(&s->front.stream);
	front_work(&s->front, work[mode]);
}

bool
login_clear_allowed(const struct login_session *s)
{
	return front_tls(&s->front) || s->front.cleartext;
}
