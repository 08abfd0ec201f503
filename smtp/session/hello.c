/* SPDX-License-Identifier: ISC */
#include "smtp/session/hello.h"

#include <string.h>

#include "base/base64.h"
#include "smtp/conf.h"
#include "smtp/session/mail.h"
#include "smtp/session/result.h"
#include "smtp/session/starttls.h"

static void
fail(struct smtp_session *s, const char *dsn, const char *why, bool quit)
{
	struct smtp_result r;

	smtp_result_set(&r, JOB_TEMPFAIL, dsn, "%s: %s", s->name, why);
	smtp_session_fail(s, &r, false, quit);
}

/* ---- hello ---- */

/* A server that has our name is us, through some loop of the network. */
static bool
is_ourselves(const struct smtp_session *s)
{
	const struct slice text = buf_slice(&s->reply.text);
	struct slice rest, line = slice_cut(text, '\n', &rest);

	return !s->target.lmtp &&
	       slice_iis(slice_cut(slice_trim(line), ' ', &rest),
		   smtp_conf->shared.hostname);
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
smtp_hello_again(struct smtp_session *s)
{
	stream_printf(&s->stream, "%s %s\r\n", s->target.lmtp ? "LHLO" : "EHLO",
	    smtp_conf->shared.hostname);
	smtp_session_enter(s, SMTP_EHLO);
}

void
smtp_hello_greeting(struct smtp_session *s)
{
	if (s->reply.code != 220)
		smtp_session_fail_reply(s);
	else if (is_ourselves(s))
		fail_loop(s);
	else
		smtp_hello_again(s);
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
		    &s->stream, "HELO %s\r\n", smtp_conf->shared.hostname);
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

/* ---- AUTH ---- */

/* AUTH PLAIN (RFC 4616): NUL user NUL password. */
static void
send_plain(struct smtp_session *s)
{
	struct slice password,
	    user = slice_cut(
		slice_str(smtp_conf->relayhost_auth.text), ':', &password);
	struct buf plain, line;

	buf_init(&plain, 2048);
	buf_init(&line, 4096);
	buf_addc(&plain, '\0');
	buf_add(&plain, user);
	buf_addc(&plain, '\0');
	buf_add(&plain, password);
	buf_adds(&line, "AUTH PLAIN ");
	base64_encode(&line, buf_slice(&plain));
	buf_adds(&line, "\r\n");
	stream_write(&s->stream, buf_slice(&line));
	explicit_bzero(plain.p, plain.cap);
	explicit_bzero(line.p, line.cap);
	buf_fini(&plain);
	buf_fini(&line);
	smtp_session_enter(s, SMTP_AUTH);
}

void
smtp_hello_done(struct smtp_session *s)
{
	if (!s->target.relayhost || smtp_conf->relayhost_auth.text[0] == '\0')
		smtp_mail_begin(s);
	else if (!s->tls && !smtp_target_is_local(&s->target))
		fail(s, "4.7.4", "no password is sent without TLS", true);
	else if ((s->caps.set & SMTP_CAP_AUTH_PLAIN) == 0)
		fail(s, "4.7.0", "the relayhost offers no AUTH PLAIN", true);
	else
		send_plain(s);
}

void
smtp_hello_auth(struct smtp_session *s)
{
	struct smtp_result r;

	if (s->reply.code == 235) {
		s->authenticated = true;
		smtp_mail_begin(s);
		return;
	}
	/* A wrong password is ours to mend: nothing bounces for it. */
	smtp_result_reply(&r, &s->reply, &s->target);
	r.status = JOB_TEMPFAIL;
	r.dsn[0] = '4';
	smtp_session_fail(s, &r, false, true);
}
