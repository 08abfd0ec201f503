/* SPDX-License-Identifier: ISC */
#include "smtp/session/auth.h"

#include <string.h>

#include "base/base64.h"
#include "smtp/route/relayauth.h"
#include "smtp/session/dialog.h"
#include "smtp/session/mail.h"
#include "smtp/session/result.h"

/* AUTH PLAIN (RFC 4616): NUL user NUL password. */
static void
send_plain(struct smtp_session *s)
{
	struct slice password,
	    user = slice_cut(smtp_relayauth_find(s->job), ':', &password);
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
smtp_auth_begin(struct smtp_session *s)
{
	if (s->target.auth == 0)
		smtp_mail_begin(s);
	else if (smtp_relayauth_id(s->job) != s->target.auth)
		smtp_session_fail_temp(
		    s, "4.7.0", "its password was changed", true);
	else if (!s->tls && !smtp_target_is_local(&s->target))
		smtp_session_fail_temp(
		    s, "4.7.4", "no password is sent without TLS", true);
	else if ((s->caps.set & SMTP_CAP_AUTH_PLAIN) == 0)
		smtp_session_fail_temp(
		    s, "4.7.0", "the relayhost offers no AUTH PLAIN", true);
	else
		send_plain(s);
}

void
smtp_auth_reply(struct smtp_session *s)
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
