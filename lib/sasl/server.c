/* SPDX-License-Identifier: ISC */
#include "sasl/server.h"

#include <stddef.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "sasl/bearer.h"
#include "sasl/scramtext.h"
#include "sasl/secret.h"

enum {
	LOGIN_MAX = 512,
	PASSWORD_MAX = 1024,
	TOKEN_MAX = 8192,
	CHALLENGE_MAX = 1024,
	MESSAGE_MAX = 2048,
	/* PLAIN: two names and the secret, with a NUL between each */
	PLAIN_MAX = 2 * LOGIN_MAX + PASSWORD_MAX + 2,
	BEARER_MAX = TOKEN_MAX + 1022,
};

enum {
	SCRAM = 1,
	SCRAM_PLUS = 2,
	OAUTHBEARER = 4,
	XOAUTH2 = 8,
	PLAIN = 16,
	LOGIN = 32
};

struct sasl_mech {
	const char *name;
	unsigned bit;
	enum { CLEAR, BEARER, PROOF } kind;
	size_t line_max, secret_max;
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

/* ---- OAuth ---- */

/* The name is the one to act as; who bears the token is in the token. */
static enum sasl_step
bearer_input(struct sasl_server *s, struct buf *out)
{
	(void)out;
	if (s->step > 0)
		return SASL_REFUSED; /* the client has taken notice of it */
	if (!bearer_parse(buf_slice(&s->line), &s->login, &s->secret) ||
	    slice_find(buf_slice(&s->login), '\0') < s->login.n)
		return SASL_MALFORMED;
	return SASL_READY;
}

static enum sasl_step
xoauth2_input(struct sasl_server *s, struct buf *out)
{
	(void)out;
	if (s->step > 0)
		return SASL_REFUSED;
	return bearer_parse_xoauth2(buf_slice(&s->line), &s->login, &s->secret)
		   ? SASL_READY
		   : SASL_MALFORMED;
}

/* ---- SCRAM ---- */

/* The data of the channel type NAME; NULL: we have none. */
static const uint8_t *
binding_data(const struct sasl_bindings *b, struct slice name, size_t *n)
{
	if (slice_is(name, "tls-exporter")) {
		*n = b->exporter_n;
		return b->exporter;
	}
	if (slice_is(name, "tls-server-end-point")) {
		*n = b->end_point_n;
		return b->end_point;
	}
	return NULL;
}

/* RFC 5802 6: who could bind to the channel and thinks that we cannot has had
 * our list of mechanisms from somebody else. */
static enum sasl_step
check_flag(const struct sasl_server *s, const struct scram_first *f)
{
	const bool plus = s->mech->bit == SCRAM_PLUS;
	size_t n = 0;

	if (plus != (f->flag == 'p'))
		return SASL_MALFORMED;
	if (f->flag == 'y' && (s->offered & SCRAM_PLUS) != 0)
		return SASL_REFUSED;
	if (plus &&
	    (binding_data(&s->bindings, f->binding, &n) == NULL || n == 0))
		return SASL_REFUSED;
	return SASL_FIRST;
}

static enum sasl_step
scram_first(struct sasl_server *s)
{
	struct scram_first f;
	const uint8_t *data;
	enum sasl_step step;
	size_t n = 0;

	if (!scramtext_first(buf_slice(&s->line), &f, &s->authzid, &s->login))
		return SASL_MALFORMED;
	step = check_flag(s, &f);
	if (step != SASL_FIRST)
		return step;
	buf_add(&s->message, f.bare);
	buf_add(&s->nonce, f.nonce);
	buf_add(&s->header, f.header);
	data = f.flag == 'p' ? binding_data(&s->bindings, f.binding, &n) : NULL;
	if (data != NULL)
		buf_add(&s->header, slice_of(data, n));
	return s->message.failed || s->header.failed ? SASL_MALFORMED
						     : SASL_FIRST;
}

/* Is TEXT the base 64 of what was agreed on? */
static bool
is_bound(const struct sasl_server *s, struct slice text)
{
	struct buf want;
	bool same;

	buf_init(&want, CHALLENGE_MAX);
	base64_encode(&want, buf_slice(&s->header));
	same = !want.failed && slice_eq(buf_slice(&want), text);
	buf_fini(&want);
	return same;
}

static enum sasl_step
scram_final(struct sasl_server *s)
{
	struct scram_final f;

	if (!scramtext_final(buf_slice(&s->line), &f) ||
	    !slice_eq(f.nonce, buf_slice(&s->nonce)) ||
	    !base64_decode(&s->secret, f.proof))
		return SASL_MALFORMED;
	if (!is_bound(s, f.binding))
		return SASL_REFUSED;
	buf_reset(&s->message);
	buf_add(&s->message, f.without_proof);
	return s->message.failed ? SASL_MALFORMED : SASL_PROOF;
}

static enum sasl_step
scram_input(struct sasl_server *s, struct buf *out)
{
	(void)out;
	switch (s->step) {
	case 0:
		return scram_first(s);
	case 1:
		return scram_final(s);
	default:
		return s->line.n == 0 ? SASL_DONE : SASL_MALFORMED;
	}
}

/* clang-format off */
static const struct sasl_mech mechs[] = {
	/* name, bit, kind, longest response and secret, input, greeting */
	{ "SCRAM-SHA-256-PLUS", SCRAM_PLUS, PROOF, MESSAGE_MAX, PASSWORD_MAX, scram_input, "" },
	{ "SCRAM-SHA-256", SCRAM, PROOF, MESSAGE_MAX, PASSWORD_MAX, scram_input, "" },
	{ "OAUTHBEARER", OAUTHBEARER, BEARER, BEARER_MAX, TOKEN_MAX, bearer_input, "" },
	{ "XOAUTH2", XOAUTH2, BEARER, BEARER_MAX, TOKEN_MAX, xoauth2_input, "" },
	{ "PLAIN", PLAIN, CLEAR, PLAIN_MAX, PASSWORD_MAX, plain_input, "" },
	{ "LOGIN", LOGIN, CLEAR, PLAIN_MAX, PASSWORD_MAX, login_input, "Username:" },
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
	return mech->kind == CLEAR;
}

bool
sasl_mech_is_bearer(const struct sasl_mech *mech)
{
	return mech->kind == BEARER;
}

unsigned
sasl_mech_bits(struct slice name)
{
	const struct sasl_mech *mech = sasl_mech_find(name);

	if (mech == NULL || mech->bit == SCRAM_PLUS)
		return 0;
	return mech->bit == SCRAM ? SCRAM | SCRAM_PLUS : mech->bit;
}

unsigned
sasl_mech_bound(void)
{
	return SCRAM_PLUS;
}

bool
sasl_mech_in(const struct sasl_mech *mech, unsigned bits)
{
	return (mech->bit & bits) != 0;
}

void
sasl_mech_list(unsigned bits, const char *prefix, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(mechs); i++)
		if (sasl_mech_in(&mechs[i], bits)) {
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
	buf_fini(&s->message);
	buf_fini(&s->header);
	buf_fini(&s->nonce);
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
	s->last_ask = step;
	if (step == SASL_CONTINUE)
		challenge(s, buf_slice(&out));
	buf_fini(&out);
	return step;
}

enum sasl_step
sasl_server_start(struct sasl_server *s, const struct sasl_mech *mech,
    bool has_initial, struct slice initial)
{
	const struct sasl_bindings bindings = s->bindings;
	const unsigned offered = s->offered;

	sasl_server_reset(s);
	s->bindings = bindings;
	s->offered = offered;
	s->mech = mech;
	secret_init(&s->line, mech->line_max);
	secret_init(&s->login, LOGIN_MAX);
	secret_init(&s->authzid, LOGIN_MAX);
	secret_init(&s->secret, mech->secret_max);
	buf_init(&s->challenge, 2 * CHALLENGE_MAX);
	buf_init(&s->message, MESSAGE_MAX);
	buf_init(&s->header, CHALLENGE_MAX / 2);
	buf_init(&s->nonce, SCRAM_NONCE_MAX);
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

/* The server's first message begins with the nonce of both. */
static bool
take_nonce(struct sasl_server *s, struct slice text)
{
	struct slice nonce = slice_cut(text, ',', &text);

	if (!slice_starts(nonce, SLICE("r=")))
		return false;
	nonce = slice_from(nonce, 2);
	if (!slice_starts(nonce, buf_slice(&s->nonce)))
		return false;
	buf_reset(&s->nonce);
	buf_add(&s->nonce, nonce);
	return !s->nonce.failed;
}

enum sasl_step
sasl_server_answer(struct sasl_server *s, struct slice text)
{
	if (s->last_ask == SASL_FIRST)
		return take_nonce(s, text) ? challenge(s, text)
					   : SASL_MALFORMED;
	return s->last_ask == SASL_PROOF ? challenge(s, text) : SASL_DONE;
}

enum sasl_step
sasl_server_refused(struct sasl_server *s)
{
	if (s->mech == NULL || s->mech->kind != BEARER || s->step > 1)
		return SASL_REFUSED;
	return challenge(s, slice_str(bearer_error()));
}
