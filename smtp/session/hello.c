/* SPDX-License-Identifier: ISC */
#include "smtp/session/hello.h"

#include "smtp/conf.h"
#include "smtp/session/dialog.h"
#include "smtp/session/result.h"
#include "smtp/session/starttls.h"

/* A server that has our name is us, through some loop of the network. */
static bool
is_ourselves(const struct smtp_session *s)
{
	const struct slice text = buf_slice(&s->reply.text);
	struct slice rest, line = slice_cut(text, '\n', &rest);
	const struct slice name = slice_cut(slice_trim(line), ' ', &rest);

	return !s->target.lmtp &&
	       (slice_iis(name, smtp_conf->shared.hostname) ||
		   slice_iis(name, smtp_session_our_name(s)));
}

static void
fail_loop(struct smtp_session *s)
{
	struct smtp_result r;

	smtp_result_set(&r, JOB_PERMFAIL, "5.4.6",
	    "%s: mail loops back to this host (it greets with our name)",
	    s->name);
	smtp_session_fail(s, &r, true, true);
}

void
smtp_hello_greeting(struct smtp_session *s)
{
	if (s->reply.code != 220)
		smtp_session_fail_reply(s);
	else if (is_ourselves(s))
		fail_loop(s);
	else
		smtp_session_hello(s);
}

void
smtp_hello_ehlo(struct smtp_session *s)
{
	const unsigned code = s->reply.code;

	if (code == 250 && is_ourselves(s)) {
		fail_loop(s);
	} else if (code == 250) {
		smtp_caps_parse(buf_slice(&s->reply.text), &s->caps);
		smtp_starttls_begin(s);
	} else if (code / 100 == 5 && !s->target.lmtp) {
		stream_printf(
		    &s->stream, "HELO %s\r\n", smtp_session_our_name(s));
		smtp_session_enter(s, SMTP_HELO);
	} else {
		smtp_session_fail_reply(s);
	}
}

void
smtp_hello_helo(struct smtp_session *s)
{
	s->caps = (struct smtp_caps){ 0 };
	if (s->reply.code != 250)
		smtp_session_fail_reply(s);
	else if (is_ourselves(s))
		fail_loop(s);
	else
		smtp_starttls_begin(s);
}
