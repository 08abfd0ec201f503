/* SPDX-License-Identifier: ISC */
#include "sieved/reply.h"

#include "base/err.h"
#include "ev/stream.h"
#include "log/log.h"
#include "proto/errwords.h"
#include "proto/managesieve.h"
#include "sieved/conf.h"
#include "sieved/end.h"
#include "sieved/session.h"

void
sieved_reply_ok(struct sieved_session *s, const char *code, struct slice text)
{
	s->errors = 0;
	managesieve_put_reply(stream_out(&s->stream), "OK", code, text);
}

void
sieved_reply_no(struct sieved_session *s, const char *code, struct slice text)
{
	managesieve_put_reply(stream_out(&s->stream), "NO", code, text);
}

void
sieved_reply_err(struct sieved_session *s, const struct err *why)
{
	if (!errwords_public(why->class, why->code))
		log_err("sieved.command-failed", kv_s("sid", s->sid),
		    kv_s("account", s->account), kv_s("why", why->text));
	sieved_reply_no(s, errwords_managesieve(why->class, why->code),
	    slice_str(errwords_text(why)));
}

void
sieved_reply_invalid(struct sieved_session *s, const char *text)
{
	if (++s->errors < sieved_conf->error_limit) {
		sieved_reply_no(s, NULL, slice_str(text));
		return;
	}
	managesieve_put_reply(stream_out(&s->stream), "BYE", NULL,
	    SLICE("too many errors, goodbye"));
	sieved_end(s, "errors");
}
