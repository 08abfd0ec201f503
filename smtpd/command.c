/* SPDX-License-Identifier: ISC */
#include "smtpd/command.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "ev/stream.h"
#include "front/session.h"
#include "log/log.h"
#include "smtpd/auth.h"
#include "smtpd/bdat.h"
#include "smtpd/conf.h"
#include "smtpd/data.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/session.h"
#include "smtpd/mail.h"
#include "smtpd/parse.h"
#include "smtpd/protocol.h"
#include "smtpd/rcpt.h"
#include "smtpd/starttls.h"
#include "smtpd/xclient.h"

enum {
	IN_SESSION = SMTPD_GREETED | SMTPD_MAIL | SMTPD_RCPT | SMTPD_CHUNKS,
	IN_ANY = SMTPD_NEW | IN_SESSION,
	IN_MAIL = SMTPD_MAIL | SMTPD_RCPT,
	BOTH = SMTPD_SPEAKS_SMTP | SMTPD_SPEAKS_LMTP,
	LIMIT_MAX = 999999,
};

/* ---- greetings ---- */

static void
set_helo(struct smtpd_session *s, struct slice helo, bool extended)
{
	free(s->helo);
	s->helo = xslicedup(helo);
	s->extended = extended;
	/* RFC 5321 4.1.4: as if RSET had come. */
	smtpd_session_enter(s, SMTPD_GREETED);
}

/* The greeting was refused: another may follow. */
static void
refuse_helo(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	log_info("smtpd.helo-refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("helo", s->helo),
	    kv_s("why", v->reply));
	xfree(&s->helo);
	smtpd_session_enter(s, SMTPD_NEW);
	smtpd_mistake(s, v->reply);
}

/* RFC 9422.  A limit beyond six digits cannot be said. */
static void
announce_limits(struct buf *out)
{
	const uint32_t mails = smtpd_conf->max_messages;

	buf_adds(out, "250-LIMITS");
	if (mails <= LIMIT_MAX)
		buf_addf(out, " MAILMAX=%u", mails);
	buf_addf(out, " RCPTMAX=%u\r\n", smtpd_conf->max_recipients);
}

static void
reply_extensions(struct smtpd_session *s)
{
	struct buf *out = stream_out(&s->front.stream);
	const struct shared_conf *shared = &smtpd_conf->shared;

	buf_addf(out, "250-%s\r\n", shared->hostname);
	buf_adds(out, "250-PIPELINING\r\n250-SIZE ");
	buf_addu(out, (uint64_t)shared->message_size_limit);
	buf_adds(out, "\r\n250-8BITMIME\r\n");
	if (front_tls_offered(&s->front))
		buf_adds(out, "250-STARTTLS\r\n");
	smtpd_auth_announce(s, out);
	buf_adds(out, "250-ENHANCEDSTATUSCODES\r\n");
	if (smtpd_conf->dsn)
		buf_adds(out, "250-DSN\r\n");
	smtpd_xclient_announce(s, out);
	if (front_tls(&s->front))
		buf_adds(out, "250-REQUIRETLS\r\n");
	announce_limits(out);
	buf_adds(out, "250-MT-PRIORITY MIXER\r\n");
	buf_adds(out,
	    "250-SMTPUTF8\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250 HELP\r\n");
}

static void
reply_helo(struct smtpd_session *s)
{
	if (s->extended)
		reply_extensions(s);
	else
		smtpd_replyf(s, "250 %s", smtpd_conf->shared.hostname);
}

static void
on_judged(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	if (smtpd_verdict_ends(v))
		refuse_helo(s, v);
	else
		reply_helo(s);
	smtpd_session_mode(s, SMTPD_LINES);
}

static void
greet(struct smtpd_session *s, struct slice helo, bool extended)
{
	set_helo(s, helo, extended);
	if (smtpd_judge_session(s, POLICY_HELO, on_judged))
		smtpd_session_mode(s, SMTPD_WAIT);
	else
		reply_helo(s);
}

static void
on_ehlo(struct smtpd_session *s, struct slice args)
{
	struct slice helo;

	if (!smtpd_parse_helo(args, &helo)) {
		smtpd_mistake(s, "501 5.5.4 Syntax: EHLO hostname");
		return;
	}
	greet(s, helo, true);
}

static void
on_helo(struct smtpd_session *s, struct slice args)
{
	struct slice helo;

	if (!smtpd_parse_helo(args, &helo)) {
		smtpd_mistake(s, "501 5.5.4 Syntax: HELO hostname");
		return;
	}
	greet(s, helo, false);
}

/* ---- the small ones ---- */

static void
on_rset(struct smtpd_session *s, struct slice args)
{
	(void)args;
	if (s->state > SMTPD_GREETED)
		smtpd_session_enter(s, SMTPD_GREETED);
	smtpd_reply(s, "250 2.0.0 Ok");
}

static void
on_noop(struct smtpd_session *s, struct slice args)
{
	(void)args;
	smtpd_reply(s, "250 2.0.0 Ok");
}

static void
on_vrfy(struct smtpd_session *s, struct slice args)
{
	if (args.n == 0)
		smtpd_mistake(s, "501 5.5.4 Syntax: VRFY address");
	else
		smtpd_reply(s, "252 2.0.0 Cannot VRFY user, but will accept "
			       "message and attempt delivery");
}

static void
on_help(struct smtpd_session *s, struct slice args)
{
	(void)args;
	smtpd_reply(s, "214-2.0.0 Commands:");
	smtpd_reply(s,
	    s->protocol->speaks == SMTPD_SPEAKS_LMTP
		? "214-2.0.0 LHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT"
		: "214-2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET "
		  "NOOP VRFY HELP QUIT");
	smtpd_reply(s, "214 2.0.0 See RFC 5321");
}

static void
on_quit(struct smtpd_session *s, struct slice args)
{
	(void)args;
	smtpd_replyf(s, "221 2.0.0 %s Bye", smtpd_conf->shared.hostname);
	front_finish(&s->front);
}

static void
on_unimplemented(struct smtpd_session *s, struct slice args)
{
	(void)args;
	smtpd_mistake(s, "502 5.5.1 Command not implemented");
}

/* A browser that was made to send mail for a web page. */
static void
on_http(struct smtpd_session *s, struct slice args)
{
	(void)args;
	smtpd_hangup(s, "4.7.0", "HTTP is not spoken here");
}

/* ---- the table ---- */

/* clang-format off */
static const struct smtpd_verb {
	const char *name;
	unsigned speaks;       /* where it exists */
	unsigned allowed;      /* states */
	const char *otherwise; /* the reply in other states */
	void (*run)(struct smtpd_session *s, struct slice args);
	bool args;             /* something may stand behind it */
	bool junk;             /* leads to no message */
} verbs[] = {
	{ "EHLO", SMTPD_SPEAKS_SMTP, IN_ANY, NULL, on_ehlo, true, true },
	{ "HELO", SMTPD_SPEAKS_SMTP, IN_ANY, NULL, on_helo, true, true },
	{ "LHLO", SMTPD_SPEAKS_LMTP, IN_ANY, NULL, on_ehlo, true, true },
	{ "MAIL", BOTH, SMTPD_GREETED,
	    "503 5.5.1 Nested MAIL command", smtpd_mail_command, true, false },
	{ "RCPT", BOTH, IN_MAIL,
	    "503 5.5.1 Need MAIL command", smtpd_rcpt_command, true, false },
	{ "DATA", BOTH, SMTPD_RCPT,
	    "503 5.5.1 No valid recipients", smtpd_data_command, false, false },
	{ "BDAT", BOTH, IN_ANY, NULL, smtpd_bdat_command, true, false },
	{ "RSET", BOTH, IN_ANY, NULL, on_rset, false, true },
	{ "NOOP", BOTH, IN_ANY, NULL, on_noop, true, true },
	{ "QUIT", BOTH, IN_ANY, NULL, on_quit, false, false },
	{ "STARTTLS", BOTH, IN_SESSION, NULL, smtpd_starttls_command, false, false },
	{ "AUTH", SMTPD_SPEAKS_SMTP, SMTPD_GREETED,
	    "503 5.5.1 MAIL transaction in progress", smtpd_auth_command, true, false },
	{ "XCLIENT", BOTH, SMTPD_NEW | SMTPD_GREETED,
	    "503 5.5.1 MAIL transaction in progress", smtpd_xclient_command, true, true },
	{ "VRFY", BOTH, IN_ANY, NULL, on_vrfy, true, true },
	{ "HELP", BOTH, IN_ANY, NULL, on_help, true, true },
	{ "EXPN", BOTH, IN_ANY, NULL, on_unimplemented, true, false },
	{ "ETRN", BOTH, IN_ANY, NULL, on_unimplemented, true, false },
	{ "TURN", BOTH, IN_ANY, NULL, on_unimplemented, true, false },
	{ "SEND", BOTH, IN_ANY, NULL, on_unimplemented, true, false },
	{ "SOML", BOTH, IN_ANY, NULL, on_unimplemented, true, false },
	{ "SAML", BOTH, IN_ANY, NULL, on_unimplemented, true, false },
	{ "GET", BOTH, IN_ANY, NULL, on_http, true, false },
	{ "POST", BOTH, IN_ANY, NULL, on_http, true, false },
	{ "PUT", BOTH, IN_ANY, NULL, on_http, true, false },
	{ "HEAD", BOTH, IN_ANY, NULL, on_http, true, false },
	{ "OPTIONS", BOTH, IN_ANY, NULL, on_http, true, false },
	{ "CONNECT", BOTH, IN_ANY, NULL, on_http, true, false },
};
/* clang-format on */

static const struct smtpd_verb *
find(const struct smtpd_session *s, struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_iis(name, verbs[i].name) &&
		    (verbs[i].speaks & s->protocol->speaks) != 0)
			return &verbs[i];
	return NULL;
}

static bool
has_control(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == 0x7f ||
		    ((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t'))
			return true;
	return false;
}

static void
out_of_order(struct smtpd_session *s, const struct smtpd_verb *v)
{
	if (s->state == SMTPD_CHUNKS)
		smtpd_mistake(s, "503 5.5.1 BDAT in progress, send RSET");
	else if (s->state != SMTPD_NEW)
		smtpd_mistake(s, v->otherwise);
	else if (s->protocol->speaks == SMTPD_SPEAKS_LMTP)
		smtpd_mistake(s, "503 5.5.1 Send LHLO first");
	else
		smtpd_mistake(s, "503 5.5.1 Send EHLO first");
	/* A message that comes unasked must not be read as commands. */
	if (v->run == smtpd_data_command && s->more)
		smtpd_hangup(
		    s, "4.7.0", "Improper command pipelining after DATA");
}

/* LINE is none; was it to be BDAT, its chunk must not be read as commands. */
static void
no_command(struct smtpd_session *s, struct slice line, const char *reply)
{
	const struct slice verb = SLICE("BDAT");

	smtpd_mistake(s, reply);
	if (slice_istarts(line, verb) &&
	    (line.n == verb.n || !ascii_isalnum(line.p[verb.n])))
		smtpd_hangup(s, "4.7.0", "Chunk of unknown size");
}

static const char not_recognized[] = "500 5.5.1 Command not recognized";

static void
on_unknown_judged(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	smtpd_mistake(s, smtpd_verdict_ends(v) ? v->reply : not_recognized);
	smtpd_session_mode(s, SMTPD_LINES);
}

/* Filters may have their say. */
static void
unknown(struct smtpd_session *s, struct slice line)
{
	if (!slice_istarts(line, SLICE("BDAT")) &&
	    smtpd_judge_line(s, POLICY_UNKNOWN, line, on_unknown_judged))
		smtpd_session_mode(s, SMTPD_WAIT);
	else
		no_command(s, line, not_recognized);
}

void
smtpd_command(struct smtpd_session *s, struct slice line)
{
	struct slice args;
	const struct slice name = slice_cut(line, ' ', &args);
	const struct smtpd_verb *v = find(s, name);

	/* RFC 5321 4.1.1: white space at the end is to be tolerated. */
	args = slice_trim(args);
	if (has_control(line))
		no_command(s, line,
		    "500 5.5.2 Syntax error: control character in command");
	else if (v == NULL)
		unknown(s, line);
	else if ((v->allowed & s->state) == 0)
		out_of_order(s, v);
	else if (!v->args && args.n > 0)
		smtpd_mistake(
		    s, "501 5.5.4 Syntax error: no arguments allowed");
	else {
		v->run(s, args);
		if (v->junk)
			smtpd_junk(s);
	}
}
