/* SPDX-License-Identifier: ISC */
#include "sasl/server.h"

#include <stddef.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "sasl/secret.h"

enum {
	LOGIN_MAX = 512,
	SECRET_MAX = 1024,
	CHALLENGE_MAX = 1024,
	/* PLAIN: two names and the secret, with a NUL between each */
	RESPONSE_MAX = 2 * LOGIN_MAX + SECRET_MAX + 2,
};

struct sasl_mech {
	const char *name;
	bool clear;
	/* Take the decoded response in s->line, step S->step; what is to be
	 * sent goes to OUT, not yet in base 64. */
	enum sasl_step (*input)(struct sasl_server *s, struct buf *out);
	const char
	    *greeting; /* the first challenge, without initial response */
};

/* Text as RFC 4422 3.1 has it, with no NUL. */
static bool
take(struct buf *to, struct slice text)
{
	buf_add(to, text);
	return !to->failed && utf8_valid(text) &&
	       slice_find(text, '\0') == text.n;
}

/* RFC 4616: [authzid] NUL authcid NUL passwd */
static enum sasl_step
plain_input(struct sasl_server *s, struct buf *out)
{
	struct slice rest = buf_slice(&s->line);
	struct slice authzid, login;

	(void)out;
	if (slice_find(rest, '\0') == rest.n)
		return SASL_MALFORMED;
	authzid = slice_cut(rest, '\0', &rest);
	if (slice_find(rest, '\0') == rest.n)
		return SASL_MALFORMED;
	login = slice_cut(rest, '\0', &rest);
	if (!take(&s->authzid, authzid) || !take(&s->login, login) ||
	    !take(&s->secret, rest) || login.n == 0 || rest.n == 0)
		return SASL_MALFORMED;
	return SASL_READY;
}

/* Never made a standard, and what many programs still send first:
 * draft-murchison-sasl-login. */
static enum sasl_step
login_input(struct sasl_server *s, struct buf *out)
{
	const struct slice text = buf_slice(&s->line);

	if (text.n == 0)
		return SASL_MALFORMED;
	if (s->step == 0) {
		if (!take(&s->login, text))
			return SASL_MALFORMED;
		buf_adds(out, "Password:");
		return SASL_CONTINUE;
	}
	return take(&s->secret, text) ? SASL_READY : SASL_MALFORMED;
}

/* clang-format off */
static const struct sasl_mech mechs[] = {
	/* name     clear  input        greeting */
	{ "PLAIN",  true,  plain_input, "" },
	{ "LOGIN",  true,  login_input, "Username:" },
};
/* clang-format on */

const struct sasl_mech *
sasl_mech_find(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(mechs); i++)
		if (slice_iis(name, mechs[i].name))
			return &mechs[i];
	return NULL;
}

const char *
sasl_mech_name(const struct sasl_mech *mech)
{
	return mech->name;
}

bool
sasl_mech_is_clear(const struct sasl_mech *mech)
{
	return mech->clear;
}

void
sasl_mech_list(bool clear_allowed, const char *prefix, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(mechs); i++)
		if (clear_allowed || !mechs[i].clear) {
			buf_adds(out, prefix);
			buf_adds(out, mechs[i].name);
		}
}

void
sasl_server_init(struct sasl_server *s)
{
	*s = (struct sasl_server){ .mech = NULL };
}

void
sasl_server_reset(struct sasl_server *s)
{
	secret_fini(&s->line);
	secret_fini(&s->login);
	secret_fini(&s->authzid);
	secret_fini(&s->secret);
	buf_fini(&s->challenge);
	sasl_server_init(s);
}

static enum sasl_step
challenge(struct sasl_server *s, struct slice text)
{
	buf_reset(&s->challenge);
	base64_encode(&s->challenge, text);
	return SASL_CONTINUE;
}

/* One response of the client, decoded, in s->line. */
static enum sasl_step
run(struct sasl_server *s)
{
	struct buf out;
	enum sasl_step step;

	buf_init(&out, CHALLENGE_MAX);
	step = s->mech->input(s, &out);
	s->step++;
	if (step == SASL_CONTINUE)
		challenge(s, buf_slice(&out));
	buf_fini(&out);
	return step;
}

enum sasl_step
sasl_server_start(struct sasl_server *s, const struct sasl_mech *mech,
    bool has_initial, struct slice initial)
{
	sasl_server_reset(s);
	s->mech = mech;
	secret_init(&s->line, RESPONSE_MAX);
	secret_init(&s->login, LOGIN_MAX);
	secret_init(&s->authzid, LOGIN_MAX);
	secret_init(&s->secret, SECRET_MAX);
	buf_init(&s->challenge, 2 * CHALLENGE_MAX);
	if (!has_initial)
		return challenge(s, slice_str(mech->greeting));
	/* RFC 4954 4, RFC 9051 6.2.2, RFC 5034 4 */
	if (slice_is(initial, "="))
		return run(s);
	if (initial.n == 0)
		return SASL_MALFORMED;
	return sasl_server_input(s, initial);
}

enum sasl_step
sasl_server_input(struct sasl_server *s, struct slice line)
{
	must(s->mech != NULL);
	if (slice_is(line, "*"))
		return SASL_CANCELLED;
	secret_wipe(&s->line);
	if (line.n > SASL_LINE_MAX || !base64_decode(&s->line, line))
		return SASL_MALFORMED;
	return run(s);
}
