/* SPDX-License-Identifier: ISC */
#include "pop3d/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "ev/stream.h"
#include "log/log.h"
#include "pop3d/conf.h"
#include "pop3d/session.h"
#include "proto/errwords.h"

struct buf *
pop3d_reply_open(struct pop3d_session *s)
{
	s->errors = 0;
	return stream_out(&s->stream);
}

void
pop3d_reply_ok(struct pop3d_session *s, const char *fmt, ...)
{
	struct buf *out = pop3d_reply_open(s);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_addf(out, "+OK %s\r\n", text);
}

bool
pop3d_reply_err(struct pop3d_session *s, const char *text)
{
	const bool too_many = ++s->errors >= pop3d_conf->error_limit;

	pop3d_reply_fail(s, too_many ? "too many errors, goodbye" : text);
	return too_many;
}

void
pop3d_reply_fail(struct pop3d_session *s, const char *text)
{
	stream_printf(&s->stream, "-ERR %s\r\n", text);
}

void
pop3d_reply_fail_err(struct pop3d_session *s, const struct err *why)
{
	if (!errwords_public(why->class, why->code))
		log_err("pop3d.command-failed", kv_s("sid", s->sid),
		    kv_s("account", s->account), kv_s("why", why->text));
	stream_printf(&s->stream, "-ERR [%s] %s\r\n",
	    errwords_pop3(why->class, why->code), errwords_text(why));
}
