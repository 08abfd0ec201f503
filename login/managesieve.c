/* SPDX-License-Identifier: ISC */
/* ManageSieve before the login: RFC 5804. */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/stream.h"
#include "front/session.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "login/auth.h"
#include "login/conf.h"
#include "login/session.h"
#include "proto/errwords.h"
#include "proto/managesieve.h"
#include "sasl/secret.h"
#include "sasl/server.h"
#include "sievestore/announce.h"

enum { CAPABILITIES_MAX = 8192, NAME_MAX_BYTES = 64, TAG_MAX = 1024 };

/* ---- what is said ---- */

static void
reply(struct login_session *s, const char *word, const char *code,
    const char *text)
{
	if (s->front.state != FRONT_CLOSING)
		managesieve_put_reply(
		    stream_out(&s->front.stream), word, code, slice_str(text));
}

static void
put_capabilities(const struct login_session *s, struct buf *out)
{
	struct buf mechs;

	buf_init(&mechs, CAPABILITIES_MAX);
	sasl_mech_list(login_mechs(s), " ", &mechs);
	sievestore_announce(&login_conf->shared, out);
	buf_adds(out, "\"SASL\" ");
	managesieve_put_string(out, slice_trim(buf_slice(&mechs)));
	buf_adds(out, "\r\n");
	if (front_tls_offered(&s->front))
		buf_adds(out, "\"STARTTLS\"\r\n");
	buf_fini(&mechs);
}

/* Also when TLS has begun (RFC 5804 2.2). */
static void
msieve_greet(struct login_session *s)
{
	put_capabilities(s, stream_out(&s->front.stream));
	reply(s, "OK", NULL, "pabal is ready.");
}

static void
msieve_challenge(struct login_session *s, struct slice base64)
{
	struct buf *out = stream_out(&s->front.stream);

	managesieve_put_string(out, base64);
	buf_adds(out, "\r\n");
}

static void
msieve_refuse(struct login_session *s, enum auth_result result)
{
	static const char *const texts[AUTH_RESULTS][2] = {
		[AUTH_OK] = { NULL, "" },
		[AUTH_REFUSED] = { NULL, "Authentication failed." },
		[AUTH_DENIED] = { NULL, "Not allowed for this account." },
		[AUTH_LIMITED] = { "TRYLATER",
		    "Too many attempts, try again later." },
		[AUTH_TEMPFAIL] = { "TRYLATER",
		    "Temporary authentication failure." },
	};

	reply(s, "NO", texts[result][0], texts[result][1]);
}

static void
msieve_unserved(struct login_session *s, const struct err *why)
{
	reply(s, "NO", errwords_managesieve(why->class, why->code), why->text);
}

static void
msieve_malformed(struct login_session *s, const char *text)
{
	reply(s, "NO", NULL, text);
	login_mistake(s);
}

/* CODE is IMAP's; ManageSieve knows only whether it may be better later. */
static void
msieve_bye(const char *code, const char *text, struct buf *out)
{
	managesieve_put_reply(out, "BYE",
	    strcmp(code, "TOOBIG") == 0 ? NULL : "TRYLATER", slice_str(text));
}

/* ---- commands: C stands behind the name ---- */

static void
on_capability(struct login_session *s, struct cur *c)
{
	(void)c;
	put_capabilities(s, stream_out(&s->front.stream));
	reply(s, "OK", NULL, "Capability completed.");
}

static bool
is_empty(struct cur c)
{
	managesieve_end(&c);
	return cur_end(&c);
}

static void
on_noop(struct login_session *s, struct cur *c)
{
	struct buf tag, code;

	if (is_empty(*c)) {
		reply(s, "OK", NULL, "NOOP completed.");
		return;
	}
	buf_init(&tag, TAG_MAX);
	buf_init(&code, 2 * TAG_MAX + NAME_MAX_BYTES);
	managesieve_string(c, &tag);
	managesieve_end(c);
	buf_adds(&code, "TAG ");
	managesieve_put_string(&code, buf_slice(&tag));
	if (cur_end(c))
		reply(s, "OK", buf_cstr(&code), "Done.");
	else
		msieve_malformed(s, "Syntax: NOOP [string]");
	buf_fini(&code);
	buf_fini(&tag);
}

static void
on_logout(struct login_session *s, struct cur *c)
{
	(void)c;
	reply(s, "OK", NULL, "Logout completed.");
	front_close(&s->front, NULL);
}

static void
on_starttls(struct login_session *s, struct cur *c)
{
	(void)c;
	if (!front_tls_offered(&s->front)) {
		msieve_malformed(s, "TLS is not available.");
		return;
	}
	reply(s, "OK", NULL, "Begin TLS negotiation now.");
	front_starttls(&s->front);
}

/* Why MECH cannot be used; false: it can. */
static bool
refuse_mech(struct login_session *s, const struct sasl_mech *mech)
{
	if (mech != NULL && !login_clear_allowed(s)) {
		reply(s, "NO", "ENCRYPT-NEEDED",
		    "Authentication requires TLS: use STARTTLS.");
		login_mistake(s);
	} else if (mech != NULL && sasl_mech_is_clear(mech) &&
		   !sasl_mech_in(mech, login_mechs(s))) {
		reply(s, "NO", "AUTH-TOO-WEAK",
		    "The mechanism is not used here.");
	} else if (mech == NULL || !sasl_mech_in(mech, login_mechs(s))) {
		reply(s, "NO", NULL, "Unsupported authentication mechanism.");
	} else {
		return false;
	}
	return true;
}

static void
on_authenticate(struct login_session *s, struct cur *c)
{
	const struct sasl_mech *mech;
	struct buf name, initial;
	bool has_initial;

	buf_init(&name, NAME_MAX_BYTES);
	secret_init(&initial, SASL_LINE_MAX);
	managesieve_string(c, &name);
	has_initial = cur_ok(c) && !is_empty(*c);
	if (has_initial)
		managesieve_string(c, &initial);
	managesieve_end(c);
	mech = sasl_mech_find(buf_slice(&name));
	if (!cur_end(c))
		msieve_malformed(s, "Syntax: AUTHENTICATE mechanism [string]");
	else if (!refuse_mech(s, mech))
		login_auth_start(s, mech, has_initial,
		    has_initial && initial.n == 0 ? SLICE("=")
						  : buf_slice(&initial));
	secret_fini(&initial);
	buf_fini(&name);
}

/* clang-format off */
static const struct {
	const char *name;
	bool args; /* may have some; the handler reads to the end */
	void (*run)(struct login_session *s, struct cur *c);
} commands[] = {
	{ "CAPABILITY",   false, on_capability },
	{ "NOOP",         true,  on_noop },
	{ "LOGOUT",       false, on_logout },
	{ "STARTTLS",     false, on_starttls },
	{ "AUTHENTICATE", true,  on_authenticate },
};
/* clang-format on */

static void
command(struct login_session *s, struct slice text)
{
	struct cur c = cur_of(text);
	const struct slice name = managesieve_atom(&c);

	for (size_t i = 0; i < ARRAY_LEN(commands) && cur_ok(&c); i++) {
		if (!slice_iis(name, commands[i].name))
			continue;
		if (!commands[i].args && !is_empty(c))
			msieve_malformed(s, "No arguments allowed.");
		else
			commands[i].run(s, &c);
		return;
	}
	msieve_malformed(s, "Unknown command, or not before the login.");
}

/* A line of an exchange is a string. */
static void
exchange(struct login_session *s, struct slice text)
{
	struct cur c = cur_of(text);
	struct buf line;

	secret_init(&line, SASL_LINE_MAX);
	managesieve_bare_string(&c, &line);
	managesieve_end(&c);
	login_auth_line(s, cur_end(&c) ? buf_slice(&line) : SLICE("*"));
	secret_fini(&line);
}

static size_t
msieve_input(struct login_session *s, struct slice in)
{
	const size_t max = (size_t)login_conf->max_command_length;
	uint64_t size = 0;
	size_t len = 0;

	switch (managesieve_frame(&s->msieve, in, max, &len, &size)) {
	case MANAGESIEVE_MORE:
		return 0;
	case MANAGESIEVE_LITERAL:
	case MANAGESIEVE_TOO_LONG:
		login_hangup(s, "TOOBIG", "Command too long");
		return in.n;
	case MANAGESIEVE_WHOLE:
		break;
	}
	s->msieve = (struct managesieve_frame){ 0 };
	if (s->mode == LOGIN_SASL)
		exchange(s, slice_sub(in, 0, len));
	else
		command(s, slice_sub(in, 0, len));
	return len;
}

const struct login_dialect login_managesieve = {
	.role = ROLE_SIEVED,
	.service = "managesieve",
	.greet = msieve_greet,
	.input = msieve_input,
	.challenge = msieve_challenge,
	.refuse = msieve_refuse,
	.unserved = msieve_unserved,
	.malformed = msieve_malformed,
	.secured = msieve_greet,
	.bye = msieve_bye,
	.unauthenticate = "\nUNAUTHENTICATE\r\n",
	.ends_with_data = true,
};
