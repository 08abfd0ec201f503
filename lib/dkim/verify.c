/* SPDX-License-Identifier: ISC */
#include "dkim/verify.h"

#include <string.h>

#include "base/must.h"
#include "dkim/key.h"
#include "tls/digest.h"
#include "tls/pubkey.h"

enum { KEYS_MAX = 4, NAME_MAX_LENGTH = DNS_NAME_MAX - 1 };

static void
say(struct dkim_verdict *v, enum dkim_result result, const char *why)
{
	v->result = result;
	v->why = why;
}

const struct dns_answer *
dkim_verify_key(const struct dkim_signature *sig, struct dns_answers *answers)
{
	struct buf name = { .max = 600 };
	const struct dns_answer *answer;

	buf_add(&name, sig->selector);
	buf_adds(&name, "._domainkey.");
	buf_add(&name, sig->domain);
	answer = dns_answers_get(answers, buf_slice(&name), DNS_TXT);
	buf_fini(&name);
	return answer;
}

/* RSA hashes what it is given; Ed25519 signs the hash (RFC 8463 3). */
static bool
is_signed(const struct dkim_signature *sig, const struct tls_pubkey *key,
    struct slice input)
{
	uint8_t sum[DIGEST_MAX];

	if (sig->alg == DKIM_RSA_SHA256)
		return tls_pubkey_verify(key, input, sig->signature);
	return tls_pubkey_verify(key,
	    slice_of(sum, digest_of(DIGEST_SHA256, input, sum)),
	    sig->signature);
}

/* With t=s i= has the domain d=, not one beneath it. */
static bool
fits(const struct dkim_signature *sig, const struct dkim_key *key)
{
	const size_t at = slice_rfind(sig->identity, '@');

	return !key->exact || sig->kind != DKIM_FIELD ||
	       slice_ieq(slice_from(sig->identity, at + 1), sig->domain);
}

static void
try_key(const struct dkim_signature *sig, struct slice input, struct slice txt,
    const struct dkim_limits *limits, struct dkim_verdict *v)
{
	struct dkim_key key;
	const char *why;

	if (!dkim_key_parse(txt, sig->alg, &key, &why)) {
		say(v, DKIM_PERMERROR, why);
		return;
	}
	v->key_bits = tls_pubkey_bits(key.key);
	v->testing = key.testing;
	if (sig->alg == DKIM_RSA_SHA256 && v->key_bits < limits->key_bits_min)
		say(v, DKIM_POLICY, "the key is too short");
	else if (sig->alg == DKIM_RSA_SHA256 &&
		 v->key_bits > limits->key_bits_max)
		say(v, DKIM_POLICY, "the key is too long");
	else if (!fits(sig, &key))
		say(v, DKIM_PERMERROR, "i= is not of the domain d= itself");
	else if (is_signed(sig, key.key, input))
		say(v, DKIM_PASS, NULL);
	else
		say(v, DKIM_FAIL, "the signature is of something else");
	dkim_key_fini(&key);
}

void
dkim_verify_input(const struct dkim_signature *sig, struct slice input,
    const struct dns_answer *keys, const struct dkim_limits *limits,
    struct dkim_verdict *v)
{
	if (keys->found == TEMPFAIL) {
		say(v, DKIM_TEMPERROR, "its key cannot be looked up now");
		return;
	}
	say(v, DKIM_PERMERROR, "there is no key");
	for (size_t i = 0; i < keys->n && i < KEYS_MAX; i++) {
		const struct dkim_verdict before = *v;

		try_key(sig, input, keys->records[i].txt, limits, v);
		if (v->result == DKIM_PASS)
			return;
		/* what was a key says more than what was none */
		if (i > 0 && v->result == DKIM_PERMERROR)
			*v = before;
	}
}

/* What needs no key; true: it is settled. */
static bool
settle(const struct dkim_message *m, const struct dkim_signature *sig,
    int64_t now_s, struct dkim_verdict *v)
{
	const uint64_t length = m->body[sig->body].length;

	if (sig->expires_s >= 0 && sig->expires_s < now_s)
		say(v, DKIM_POLICY, "expired");
	else if (sig->signed_s > now_s + m->limits->skew_s)
		say(v, DKIM_POLICY, "signed in the future");
	else if (sig->has_length && sig->length > length)
		say(v, DKIM_PERMERROR, "l= is more than the body has");
	else if (sig->has_length && sig->length < length)
		say(v, DKIM_POLICY, "l= leaves a part of the body unsigned");
	else if (memcmp(sig->body_hash, m->hash[sig->body], 32) != 0)
		say(v, DKIM_FAIL, "the body was changed");
	else
		return false;
	return true;
}

void
dkim_verify_one(const struct dkim_message *m, const struct dkim_signature *sig,
    struct dns_answers *answers, int64_t now_s, struct dkim_verdict *v)
{
	struct buf input = { .max = SIZE_MAX };
	const struct dns_answer *keys;

	if (settle(m, sig, now_s, v))
		return;
	keys = dkim_verify_key(sig, answers);
	must(keys != NULL);
	dkim_message_input(
	    m, sig->head, sig->names, sig->nnames, sig->raw, &input);
	dkim_verify_input(sig, buf_slice(&input), keys, m->limits, v);
	buf_fini(&input);
}

bool
dkim_verify(const struct dkim_message *m, struct dns_answers *answers,
    int64_t now_s, struct dkim_verdict *v, size_t *n)
{
	bool all = true;

	must(m->state == DKIM_ENDED);
	*n = m->nreads;
	for (size_t i = 0; i < m->nreads; i++) {
		const struct dkim_read *r = &m->reads[i];

		v[i] = (struct dkim_verdict){ .sig = &r->sig };
		if (r->why == NULL && !settle(m, &r->sig, now_s, &v[i]))
			all &= dkim_verify_key(&r->sig, answers) != NULL;
	}
	for (size_t i = 0; all && i < m->nreads; i++) {
		const struct dkim_read *r = &m->reads[i];

		if (r->why != NULL)
			say(&v[i], r->wrong, r->why);
		else
			dkim_verify_one(m, &r->sig, answers, now_s, &v[i]);
	}
	return all;
}
