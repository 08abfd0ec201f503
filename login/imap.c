/* SPDX-License-Identifier: ISC */
/* IMAP before the login: RFC 9051 and 3501, 2971 (ID), 4959 (SASL-IR), 5530
 * (response codes), 7888 (literals). */
#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "front/session.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "login/auth.h"
#include "login/conf.h"
#include "login/imaptext.h"
#include "login/session.h"
#include "proto/errwords.h"
#include "sasl/secret.h"
#include "sasl/server.h"

enum { CAPABILITIES_MAX = 512, NAME_MAX_BYTES = 1024 };

/* ---- what is said ---- */

/* What counts now, and what imapd will say it has: clients that ask but once
 * would not learn of it later. */
static void
put_capabilities(const struct login_session *s, struct buf *out)
{
	const bool clear = login_clear_allowed(s);

	buf_adds(out, "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE");
	if (front_tls_offered(&s->front))
		buf_adds(out, " STARTTLS");
	if (!clear)
		buf_adds(out, " LOGINDISABLED");
	sasl_mech_list(login_mechs(s), " AUTH=", out);
}

static void
imap_greet(struct login_session *s)
{
	struct buf caps;

	buf_init(&caps, CAPABILITIES_MAX);
	put_capabilities(s, &caps);
	login_reply(s, "* OK [CAPABILITY %s] %s pabal", buf_cstr(&caps),
	    login_conf->shared.hostname);
	buf_fini(&caps);
}

static void
imap_challenge(struct login_session *s, struct slice base64)
{
	login_reply(s, "+ %.*s", SLICE_FMT(base64));
}

static void
imap_refuse(struct login_session *s, enum auth_result result)
{
	static const char *const texts[AUTH_RESULTS] = {
		[AUTH_OK] = "",
		[AUTH_REFUSED] = "[AUTHENTICATIONFAILED] Authentication failed",
		[AUTH_DENIED] =
		    "[AUTHORIZATIONFAILED] Not allowed for this account",
		[AUTH_LIMITED] =
		    "[UNAVAILABLE] Too many attempts, try again later",
		[AUTH_TEMPFAIL] =
		    "[UNAVAILABLE] Temporary authentication failure",
	};

	login_reply(s, "%s NO %s", s->tag, texts[result]);
}

static void
imap_unserved(struct login_session *s, const struct err *why)
{
	const char *word = errwords_imap(why->class, why->code);

	if (word != NULL)
		login_reply(s, "%s NO [%s] %s", s->tag, word, why->text);
	else
		login_reply(s, "%s NO %s", s->tag, why->text);
}

static void
imap_malformed(struct login_session *s, const char *text)
{
	login_reply(s, "%s BAD %s", s->tag, text);
	login_mistake(s);
}

static void
imap_bye(const char *code, const char *text, struct buf *out)
{
	buf_addf(out, "* BYE [%s] %s\r\n", code, text);
}

/* ---- commands ---- */

/* ARGS stand behind the name, before the CRLF. */
static void
on_capability(struct login_session *s, struct cur *c)
{
	struct buf caps;

	(void)c;
	buf_init(&caps, CAPABILITIES_MAX);
	put_capabilities(s, &caps);
	login_reply(s, "* CAPABILITY %s", buf_cstr(&caps));
	login_reply(s, "%s OK CAPABILITY completed", s->tag);
	buf_fini(&caps);
}

static void
on_noop(struct login_session *s, struct cur *c)
{
	(void)c;
	login_reply(s, "%s OK NOOP completed", s->tag);
}

static void
on_logout(struct login_session *s, struct cur *c)
{
	(void)c;
	login_reply(s, "* BYE Server logging out");
	login_reply(s, "%s OK LOGOUT completed", s->tag);
	front_close(&s->front, NULL);
}

static void
on_id(struct login_session *s, struct cur *c)
{
	cur_lit(c, " ");
	if (!cur_ok(c) || (cur_peek(c) != '(' && !cur_try(c, "NIL"))) {
		imap_malformed(
		    s, "Syntax: ID NIL or ID (\"name\" \"value\" ...)");
		return;
	}
	login_reply(s, "* ID (\"name\" \"pabal\")");
	login_reply(s, "%s OK ID completed", s->tag);
}

static void
on_starttls(struct login_session *s, struct cur *c)
{
	(void)c;
	if (!front_tls_offered(&s->front)) {
		imap_malformed(s, "TLS not available");
		return;
	}
	login_reply(s, "%s OK Begin TLS negotiation now", s->tag);
	front_starttls(&s->front);
}

static bool
refuse_clear(struct login_session *s)
{
	if (login_clear_allowed(s))
		return false;
	login_reply(s,
	    "%s NO [PRIVACYREQUIRED] Plaintext authentication requires TLS",
	    s->tag);
	login_mistake(s);
	return true;
}

static void
on_login(struct login_session *s, struct cur *c)
{
	struct buf user, secret;

	if (refuse_clear(s))
		return;
	buf_init(&user, NAME_MAX_BYTES);
	secret_init(&secret, NAME_MAX_BYTES);
	cur_lit(c, " ");
	imaptext_astring(c, &user);
	cur_lit(c, " ");
	imaptext_astring(c, &secret);
	imaptext_crlf(c);
	if (cur_end(c))
		login_auth_password(s, buf_slice(&user), buf_slice(&secret));
	else
		imap_malformed(s, "Syntax: LOGIN username password");
	secret_fini(&secret);
	buf_fini(&user);
}

static bool
is_base64(char c)
{
	return ascii_isalnum(c) || c == '+' || c == '/' || c == '=';
}

static void
on_authenticate(struct login_session *s, struct cur *c)
{
	const struct sasl_mech *mech;
	struct slice name, initial = { NULL, 0 };
	bool has_initial;

	cur_lit(c, " ");
	name = imaptext_atom(c);
	has_initial = cur_try(c, " ");
	if (has_initial)
		initial = cur_while(c, is_base64);
	imaptext_crlf(c);
	mech = sasl_mech_find(name);
	if (!cur_end(c))
		imap_malformed(s, "Syntax: AUTHENTICATE mechanism [response]");
	else if (mech != NULL && refuse_clear(s))
		return;
	else if (mech == NULL || !sasl_mech_in(mech, login_mechs(s)))
		login_reply(s,
		    "%s NO [CANNOT] Unsupported authentication mechanism",
		    s->tag);
	else
		login_auth_start(s, mech, has_initial, initial);
}

/* clang-format off */
static const struct {
	const char *name;
	bool args; /* may have some; the handler reads to the end */
	void (*run)(struct login_session *s, struct cur *c);
} commands[] = {
	{ "CAPABILITY",   false, on_capability },
	{ "NOOP",         false, on_noop },
	{ "LOGOUT",       false, on_logout },
	{ "ID",           true,  on_id },
	{ "STARTTLS",     false, on_starttls },
	{ "LOGIN",        true,  on_login },
	{ "AUTHENTICATE", true,  on_authenticate },
};
/* clang-format on */

static void
run(struct login_session *s, struct cur *c)
{
	struct slice name;

	cur_lit(c, " ");
	name = imaptext_atom(c);
	for (size_t i = 0; i < ARRAY_LEN(commands) && cur_ok(c); i++) {
		struct cur end = *c;

		if (!slice_iis(name, commands[i].name))
			continue;
		imaptext_crlf(&end);
		if (!commands[i].args && !cur_end(&end))
			imap_malformed(s, "No arguments allowed");
		else
			commands[i].run(s, c);
		return;
	}
	imap_malformed(s, "Unknown command, or not allowed before login");
}

/* One whole command with its CRLF and literals. */
static void
command(struct login_session *s, struct slice text)
{
	struct cur c = cur_of(text);
	const struct slice tag = imaptext_tag(&c);

	if (!cur_ok(&c) || !slice_copy(tag, s->tag, sizeof s->tag)) {
		login_reply(s, "* BAD Missing or invalid tag");
		login_mistake(s);
		return;
	}
	run(s, &c);
}

/* A literal was announced that is larger than a command may be, and the client
 * waits for the word to send it: it gets none. */
static void
too_big(struct login_session *s, struct slice text)
{
	struct cur c = cur_of(text);
	const struct slice tag = imaptext_tag(&c);

	if (!cur_ok(&c) || !slice_copy(tag, s->tag, sizeof s->tag))
		login_reply(s, "* BAD Missing or invalid tag");
	else
		login_reply(s, "%s NO [LIMIT] Literal too long", s->tag);
	login_mistake(s);
}

static size_t
sasl_line(struct login_session *s, struct slice in)
{
	const size_t nl = slice_find(in, '\n');
	struct slice line = slice_sub(in, 0, nl);

	if (nl == in.n) {
		if (in.n > SASL_LINE_MAX + 2)
			login_hangup(s, "TOOBIG", "Line too long");
		return 0;
	}
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	login_auth_line(s, line);
	return nl + 1;
}

static size_t
imap_input(struct login_session *s, struct slice in)
{
	const size_t max = (size_t)login_conf->max_command_length;
	size_t len = 0;

	if (s->mode == LOGIN_SASL)
		return sasl_line(s, in);
	switch (imaptext_frame(&s->frame, in, max, &len)) {
	case IMAP_MORE:
		return 0;
	case IMAP_GO_AHEAD:
		login_reply(s, "+ Go ahead");
		return imap_input(s, in);
	case IMAP_TOO_LONG:
		login_hangup(s, "TOOBIG", "Command too long");
		return in.n;
	case IMAP_TOO_BIG:
		too_big(s, slice_sub(in, 0, len));
		break;
	case IMAP_WHOLE:
		command(s, slice_sub(in, 0, len));
		break;
	}
	s->frame = (struct imaptext_frame){ 0 };
	return len;
}

const struct login_dialect login_imap = {
	.role = ROLE_IMAPD,
	.service = "imap",
	.greet = imap_greet,
	.input = imap_input,
	.challenge = imap_challenge,
	.refuse = imap_refuse,
	.unserved = imap_unserved,
	.malformed = imap_malformed,
	.bye = imap_bye,
	.unauthenticate = " UNAUTHENTICATE\r\n",
};
