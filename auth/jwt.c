/* SPDX-License-Identifier: ISC */
#include "auth/jwt.h"

#include <string.h>

#include "auth/json.h"
#include "base/base64.h"
#include "tls/pubkey.h"

enum { PART_MAX = 8192, CLAIM_MAX = 512, NUMBER_MAX = 1100 };

/* base64url without padding (RFC 7515 2). */
static bool
from_url(struct slice in, struct buf *out)
{
	struct buf text;
	bool ok;

	buf_init(&text, 4 * (PART_MAX / 3 + 2));
	for (size_t i = 0; i < in.n && !text.failed; i++) {
		const char c = in.p[i];

		if (c == '+' || c == '/' || c == '=') {
			text.failed = true; /* not of this alphabet */
			break;
		}
		buf_addc(&text, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while (text.n % 4 != 0 && !text.failed)
		buf_addc(&text, '=');
	ok = !text.failed && base64_decode(out, buf_slice(&text));
	buf_fini(&text);
	return ok;
}

/* ---- keys ---- */

static bool
number(struct slice jwk, const char *name, struct buf *out)
{
	struct slice value;
	struct buf text = { .max = 2 * NUMBER_MAX };
	bool ok;

	buf_reset(out);
	ok = json_member(jwk, name, &value) && json_string(value, &text) &&
	     from_url(buf_slice(&text), out);
	buf_fini(&text);
	return ok;
}

static struct tls_pubkey *
from_jwk(struct slice jwk, struct err *err)
{
	struct buf a = { .max = NUMBER_MAX }, b = { .max = NUMBER_MAX };
	struct tls_pubkey *key = NULL;
	struct slice kty, crv = { NULL, 0 };

	err_set(err, ERR_PERM, "a JWK of another kind");
	(void)json_member(jwk, "crv", &crv);
	if (!json_member(jwk, "kty", &kty))
		return NULL;
	if (json_is(kty, "RSA") && number(jwk, "n", &a) && number(jwk, "e", &b))
		key = tls_pubkey_rsa(buf_slice(&a), buf_slice(&b), err);
	else if (json_is(kty, "EC") && json_is(crv, "P-256") &&
		 number(jwk, "x", &a) && number(jwk, "y", &b))
		key = tls_pubkey_p256(buf_slice(&a), buf_slice(&b), err);
	else if (json_is(kty, "OKP") && json_is(crv, "Ed25519") &&
		 number(jwk, "x", &a))
		key = tls_pubkey_ed25519(buf_slice(&a), err);
	buf_fini(&a);
	buf_fini(&b);
	return key;
}

static const char *
alg_name(const struct tls_pubkey *key)
{
	static const char *const names[] = { [PUBKEY_RS256] = "RS256",
		[PUBKEY_ES256] = "ES256",
		[PUBKEY_EDDSA] = "EdDSA" };

	return names[tls_pubkey_alg(key)];
}

/* KEY is taken over, or freed where there is no room. */
static int
add(struct jwt_keys *keys, struct tls_pubkey *key, struct slice kid,
    struct err *err)
{
	struct jwt_key *k;

	if (keys->n == JWT_KEYS_MAX ||
	    !slice_copy(kid, keys->v[keys->n].kid, JWT_KID_MAX)) {
		tls_pubkey_free(&key);
		return err_set(err, ERR_PERM,
		    "more than %d keys, or a longer name", JWT_KEYS_MAX);
	}
	k = &keys->v[keys->n++];
	k->key = key;
	return 0;
}

static int
add_jwk(struct jwt_keys *keys, struct slice jwk, struct err *err)
{
	struct buf kid = { .max = JWT_KID_MAX };
	struct tls_pubkey *key;
	struct slice value;
	int rc;

	if (json_member(jwk, "use", &value) && !json_is(value, "sig"))
		return 0;
	key = from_jwk(jwk, err);
	if (key == NULL)
		return 0;
	if (json_member(jwk, "alg", &value) && !json_is(value, alg_name(key))) {
		tls_pubkey_free(&key);
		return 0;
	}
	if (json_member(jwk, "kid", &value) && !json_string(value, &kid))
		kid.failed = true;
	rc = add(keys, key,
	    kid.failed ? slice_of(kid.p, JWT_KID_MAX) : buf_slice(&kid), err);
	buf_fini(&kid);
	return rc;
}

static int
add_json(struct jwt_keys *keys, struct slice text, struct err *err)
{
	struct slice set, rest, jwk;

	if (!json_parse(text, &set))
		return err_set(err, ERR_PERM, "not JSON");
	if (!json_member(set, "keys", &rest))
		return add_jwk(keys, set, err);
	while (json_next(&rest, &jwk))
		if (add_jwk(keys, jwk, err) == -1)
			return -1;
	return 0;
}

static int
add_pem(struct jwt_keys *keys, struct slice text, struct err *err)
{
	const struct slice begin = SLICE("-----BEGIN ");
	const struct slice none = { NULL, 0 };

	for (;;) {
		const size_t at = slice_search(text, begin);
		struct tls_pubkey *key;
		size_t next;

		if (at == text.n)
			return 0;
		text = slice_from(text, at);
		next = begin.n + slice_search(slice_from(text, begin.n), begin);
		key = tls_pubkey_pem(slice_sub(text, 0, next), err);
		if (key == NULL || add(keys, key, none, err) == -1)
			return -1;
		text = slice_from(text, next);
	}
}

int
jwt_keys_parse(struct slice text, struct jwt_keys *keys, struct err *err)
{
	int rc;

	*keys = (struct jwt_keys){ .n = 0 };
	if (slice_starts(slice_trim(text), SLICE("{")))
		rc = add_json(keys, text, err);
	else
		rc = add_pem(keys, text, err);
	if (rc == 0 && keys->n == 0)
		rc = err_set(err, ERR_PERM, "no key to verify signatures with");
	if (rc == -1)
		jwt_keys_fini(keys);
	return rc;
}

void
jwt_keys_fini(struct jwt_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		tls_pubkey_free(&keys->v[i].key);
	keys->n = 0;
}

/* ---- tokens ---- */

/* A part of a token that is signed: JSON, whose text is in TEXT. */
static bool
open_part(struct slice part, struct buf *text, struct slice *object)
{
	return from_url(part, text) && json_parse(buf_slice(text), object) &&
	       slice_starts(*object, SLICE("{"));
}

static const char *
check_header(struct slice header, const struct jwt_key *k)
{
	struct slice value;

	if (!json_member(header, "alg", &value) ||
	    !json_is(value, alg_name(k->key)))
		return "alg";
	/* extensions that must be understood: there are none */
	if (json_member(header, "crit", &value))
		return "crit";
	if (k->kid[0] != '\0' && json_member(header, "kid", &value) &&
	    !json_is(value, k->kid))
		return "kid";
	/* what is signed for something else by the same key (RFC 8725 3.11) */
	if (json_member(header, "typ", &value) && !json_is(value, "JWT") &&
	    !json_is(value, "jwt") && !json_is(value, "at+jwt") &&
	    !json_is(value, "application/at+jwt"))
		return "typ";
	return NULL;
}

static bool
has_audience(struct slice claims, const char *audience)
{
	struct slice aud, one;

	if (!json_member(claims, "aud", &aud))
		return false;
	if (json_is_string(aud))
		return json_is(aud, audience);
	while (json_next(&aud, &one))
		if (json_is(one, audience))
			return true;
	return false;
}

static bool
has_scope(struct slice claims, const char *scope)
{
	struct buf text = { .max = CLAIM_MAX * 4 };
	struct slice value, rest;
	bool has = false;

	if (json_member(claims, "scope", &value) && json_string(value, &text))
		for (rest = buf_slice(&text); rest.n > 0 && !has;)
			has = slice_is(slice_cut(rest, ' ', &rest), scope);
	buf_fini(&text);
	return has;
}

/* A token must end some day; the other times are as the issuer likes. */
static const char *
check_times(struct slice claims, const struct jwt_rules *r)
{
	struct slice value;
	int64_t t;

	if (!json_member(claims, "exp", &value) || !json_number(value, &t) ||
	    t + r->skew_s <= r->now_s)
		return "exp";
	if (json_member(claims, "nbf", &value) &&
	    (!json_number(value, &t) || t - r->skew_s > r->now_s))
		return "nbf";
	if (json_member(claims, "iat", &value) &&
	    (!json_number(value, &t) || t - r->skew_s > r->now_s))
		return "iat";
	return NULL;
}

static const char *
check_claims(
    struct slice claims, const struct jwt_rules *r, struct buf *account)
{
	const char *wrong = check_times(claims, r);
	struct slice value;

	if (wrong != NULL)
		return wrong;
	if (r->issuer[0] != '\0' &&
	    (!json_member(claims, "iss", &value) || !json_is(value, r->issuer)))
		return "iss";
	if (r->audience[0] != '\0' && !has_audience(claims, r->audience))
		return "aud";
	if (r->scope[0] != '\0' && !has_scope(claims, r->scope))
		return "scope";
	/* Who has not proved an address to the issuer may call himself
	 * anything. */
	if (strcmp(r->account_claim, "email") == 0 &&
	    json_member(claims, "email_verified", &value) &&
	    !slice_is(value, "true"))
		return "email_verified";
	if (!json_member(claims, r->account_claim, &value) ||
	    !json_string(value, account) || account->n == 0 ||
	    slice_find(buf_slice(account), '\0') < account->n)
		return r->account_claim;
	return NULL;
}

static const struct jwt_key *
signer(const struct jwt_keys *keys, struct slice data, struct slice signature)
{
	for (size_t i = 0; i < keys->n; i++)
		if (tls_pubkey_verify(keys->v[i].key, data, signature))
			return &keys->v[i];
	return NULL;
}

const char *
jwt_check(const struct jwt_keys *keys, const struct jwt_rules *r,
    struct slice token, struct buf *account)
{
	struct buf text = { .max = PART_MAX }, signature = { .max = PART_MAX };
	struct slice header, claims, rest = token, object;
	const struct jwt_key *k = NULL;
	const char *wrong = "form";
	size_t signed_n;

	header = slice_cut(rest, '.', &rest);
	claims = slice_cut(rest, '.', &rest);
	signed_n = header.n + 1 + claims.n;
	if (signed_n < token.n && rest.n > 0 &&
	    slice_find(rest, '.') == rest.n && from_url(rest, &signature)) {
		wrong = "signature";
		k = signer(
		    keys, slice_sub(token, 0, signed_n), buf_slice(&signature));
	}
	if (k != NULL)
		wrong = open_part(header, &text, &object)
			    ? check_header(object, k)
			    : "header";
	buf_reset(&text);
	if (k != NULL && wrong == NULL)
		wrong = open_part(claims, &text, &object)
			    ? check_claims(object, r, account)
			    : "claims";
	buf_fini(&text);
	buf_fini(&signature);
	return wrong;
}
