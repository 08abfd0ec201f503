/* SPDX-License-Identifier: ISC */
/* POP3 before the login: RFC 1939, 2449 (CAPA), 2595 (STLS), 3206 (AUTH and SYS
 * codes), 5034 (AUTH). */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "front/session.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "login/auth.h"
#include "login/conf.h"
#include "login/session.h"
#include "proto/errwords.h"
#include "proto/poplang.h"
#include "sasl/server.h"

enum { LIST_MAX = 512 };

/* ---- what is said ---- */

static void
pop3_greet(struct login_session *s)
{
	login_reply(s, "+OK %s pabal", login_conf->shared.hostname);
}

static void
pop3_challenge(struct login_session *s, struct slice base64)
{
	login_reply(s, "+ %.*s", SLICE_FMT(base64));
}

static void
pop3_refuse(struct login_session *s, enum auth_result result)
{
	static const char *const texts[AUTH_RESULTS] = {
		[AUTH_OK] = "",
		[AUTH_REFUSED] = "[AUTH] Authentication failed",
		[AUTH_DENIED] = "[AUTH] Not allowed for this account",
		[AUTH_LIMITED] =
		    "[SYS/TEMP] Too many attempts, try again later",
		[AUTH_TEMPFAIL] = "[SYS/TEMP] Temporary authentication failure",
	};

	login_reply(s, "-ERR %s", texts[result]);
}

static void
pop3_unserved(struct login_session *s, const struct err *why)
{
	login_reply(
	    s, "-ERR [%s] %s", errwords_pop3(why->class, why->code), why->text);
}

static void
pop3_malformed(struct login_session *s, const char *text)
{
	login_reply(s, "-ERR %s", text);
	login_mistake(s);
}

/* CODE is IMAP's; POP3 knows only whether it may be better later. */
static void
pop3_bye(const char *code, const char *text, struct buf *out)
{
	const bool for_good = strcmp(code, "TOOBIG") == 0;

	buf_addf(
	    out, "-ERR [%s] %s\r\n", for_good ? "SYS/PERM" : "SYS/TEMP", text);
}

/* ---- commands ---- */

static bool
refuse_clear(struct login_session *s)
{
	if (login_clear_allowed(s))
		return false;
	login_reply(s, "-ERR Plaintext authentication requires TLS: use STLS");
	login_mistake(s);
	return true;
}

static void
on_capa(struct login_session *s, struct slice arg)
{
	const bool clear = login_clear_allowed(s);
	struct buf mechs;

	(void)arg;
	buf_init(&mechs, LIST_MAX);
	sasl_mech_list(login_mechs(s), " ", &mechs);
	login_reply(s, "+OK\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n"
		       "PIPELINING\r\nUTF8 USER\r\nLANG");
	if (clear)
		login_reply(s, "USER");
	if (mechs.n > 0)
		login_reply(s, "SASL%s", buf_cstr(&mechs));
	if (front_tls_offered(&s->front))
		login_reply(s, "STLS");
	login_reply(s, "IMPLEMENTATION pabal\r\n.");
	buf_fini(&mechs);
}

static void
on_user(struct login_session *s, struct slice arg)
{
	if (refuse_clear(s))
		return;
	if (arg.n == 0 || arg.n > AUTH_LOGIN_MAX) {
		pop3_malformed(s, "Syntax: USER name");
		return;
	}
	free(s->user);
	s->user = xslicedup(arg);
	login_reply(s, "+OK Send PASS");
}

static void
on_pass(struct login_session *s, struct slice arg)
{
	if (refuse_clear(s))
		return;
	if (s->user == NULL)
		pop3_malformed(s, "Send USER first");
	else if (arg.n == 0 || arg.n > AUTH_SECRET_MAX)
		pop3_malformed(s, "Syntax: PASS password");
	else
		login_auth_password(s, slice_str(s->user), arg);
	xfree(&s->user);
}

static void
list_mechs(struct login_session *s)
{
	struct buf mechs;

	buf_init(&mechs, LIST_MAX);
	sasl_mech_list(login_mechs(s), "\r\n", &mechs);
	login_reply(s, "+OK%s\r\n.", buf_cstr(&mechs));
	buf_fini(&mechs);
}

static void
on_auth(struct login_session *s, struct slice arg)
{
	struct slice initial;
	const struct slice name = slice_cut(arg, ' ', &initial);
	const struct sasl_mech *mech = sasl_mech_find(name);

	if (arg.n == 0)
		list_mechs(s);
	else if (mech != NULL && refuse_clear(s))
		return;
	else if (mech == NULL || !sasl_mech_in(mech, login_mechs(s)))
		pop3_malformed(s, "Unsupported authentication mechanism");
	else
		login_auth_start(s, mech, name.n < arg.n, initial);
}

static void
on_stls(struct login_session *s, struct slice arg)
{
	(void)arg;
	if (!front_tls_offered(&s->front)) {
		pop3_malformed(s, "TLS not available");
		return;
	}
	login_reply(s, "+OK Begin TLS");
	front_starttls(&s->front);
}

/* RFC 6856 2.1.  Names and passwords are UTF-8 with and without it, and
 * messages are sent as they are (pop3d(8)). */
static void
on_utf8(struct login_session *s, struct slice arg)
{
	(void)arg;
	login_reply(s, "+OK UTF-8 enabled");
}

static void
on_lang(struct login_session *s, struct slice arg)
{
	struct buf text;

	buf_init(&text, LIST_MAX);
	if (!poplang_reply(arg, &text))
		login_mistake(s);
	login_reply(s, "%.*s", (int)text.n - 2, text.p);
	buf_fini(&text);
}

static void
on_noop(struct login_session *s, struct slice arg)
{
	(void)arg;
	login_reply(s, "+OK");
}

static void
on_quit(struct login_session *s, struct slice arg)
{
	(void)arg;
	login_reply(s, "+OK Goodbye");
	front_close(&s->front, NULL);
}

/* clang-format off */
static const struct {
	const char *name;
	bool args;
	void (*run)(struct login_session *s, struct slice arg);
} commands[] = {
	{ "CAPA", false, on_capa },
	{ "USER", true,  on_user },
	{ "PASS", true,  on_pass },
	{ "AUTH", true,  on_auth },
	{ "STLS", false, on_stls },
	{ "UTF8", false, on_utf8 },
	{ "LANG", true,  on_lang },
	{ "NOOP", false, on_noop },
	{ "QUIT", false, on_quit },
};
/* clang-format on */

static void
command(struct login_session *s, struct slice line)
{
	struct slice arg;
	const struct slice name = slice_cut(line, ' ', &arg);

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!slice_iis(name, commands[i].name))
			continue;
		if (arg.n > 0 && !commands[i].args)
			pop3_malformed(s, "No arguments allowed");
		else if (slice_find(line, '\0') < line.n)
			pop3_malformed(s, "NUL not allowed");
		else
			commands[i].run(s, arg);
		return;
	}
	pop3_malformed(s, "Unknown command, or not allowed before login");
}

static size_t
pop3_input(struct login_session *s, struct slice in)
{
	const size_t max = s->mode == LOGIN_SASL
			       ? SASL_LINE_MAX + 2
			       : (size_t)login_conf->max_command_length;
	const size_t nl = slice_find(in, '\n');
	struct slice line = slice_sub(in, 0, nl);

	if (nl >= max) {
		login_hangup(s, "TOOBIG", "Line too long");
		return in.n;
	}
	if (nl == in.n)
		return 0;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (s->mode == LOGIN_SASL)
		login_auth_line(s, line);
	else
		command(s, line);
	return nl + 1;
}

const struct login_dialect login_pop3 = {
	.role = ROLE_POP3D,
	.service = "pop3",
	.greet = pop3_greet,
	.input = pop3_input,
	.challenge = pop3_challenge,
	.refuse = pop3_refuse,
	.unserved = pop3_unserved,
	.malformed = pop3_malformed,
	.bye = pop3_bye,
};
