/* SPDX-License-Identifier: ISC */
#include "sasl/scram.h"

#include <string.h>

#include "base/base64.h"
#include "base/cur.h"
#include "mime/saslprep.h"
#include "sasl/secret.h"
#include "tls/digest.h"

enum { PREPARED_MAX = 4096 };

#define PREFIX         "SCRAM-SHA-256$"
#define DOVECOT_PREFIX "{SCRAM-SHA-256}"

bool
scram_is_stored(struct slice stored)
{
	return slice_starts(stored, SLICE(PREFIX)) ||
	       slice_starts(stored, SLICE(DOVECOT_PREFIX));
}

static size_t
take_bytes(struct cur *c, struct slice digits, uint8_t *to, size_t max)
{
	struct buf raw;
	size_t n;

	buf_init(&raw, max);
	if (!base64_decode(&raw, digits) || raw.n == 0)
		cur_fail(c);
	n = cur_ok(c) ? raw.n : 0;
	if (n > 0)
		memcpy(to, raw.p, n);
	buf_fini(&raw);
	return n;
}

static void
take_key(struct cur *c, struct slice digits, uint8_t key[SCRAM_KEY_SIZE])
{
	if (take_bytes(c, digits, key, SCRAM_KEY_SIZE) != SCRAM_KEY_SIZE)
		cur_fail(c);
}

bool
scram_parse(struct slice stored, struct scram_secret *s)
{
	struct cur c = cur_of(stored);
	const bool dovecot = cur_try(&c, DOVECOT_PREFIX);

	*s = (struct scram_secret){ 0 };
	if (!dovecot)
		cur_lit(&c, PREFIX);
	s->iterations = (unsigned)cur_u64(&c, SCRAM_ITERATIONS_MAX);
	if (s->iterations < SCRAM_ITERATIONS_MIN)
		cur_fail(&c);
	cur_lit(&c, dovecot ? "," : ":");
	s->salt_len = take_bytes(
	    &c, cur_until(&c, dovecot ? ',' : '$'), s->salt, sizeof s->salt);
	take_key(&c, cur_until(&c, dovecot ? ',' : ':'), s->stored_key);
	take_key(&c, cur_rest(&c), s->server_key);
	return cur_ok(&c);
}

static void
hmac(const uint8_t key[SCRAM_KEY_SIZE], struct slice text,
    uint8_t out[SCRAM_KEY_SIZE])
{
	uint8_t mac[DIGEST_MAX];

	(void)digest_hmac(
	    DIGEST_SHA256, slice_of(key, SCRAM_KEY_SIZE), text, mac);
	memcpy(out, mac, SCRAM_KEY_SIZE);
	explicit_bzero(mac, sizeof mac);
}

static void
hash(const uint8_t key[SCRAM_KEY_SIZE], uint8_t out[SCRAM_KEY_SIZE])
{
	uint8_t sum[DIGEST_MAX];

	(void)digest_of(DIGEST_SHA256, slice_of(key, SCRAM_KEY_SIZE), sum);
	memcpy(out, sum, SCRAM_KEY_SIZE);
	explicit_bzero(sum, sizeof sum);
}

/* What SASLprep allows goes through it, as a client's does; anything else is
 * taken as it is, so that no password is lost (PostgreSQL does the same). */
void
scram_derive(struct scram_secret *s, struct slice password)
{
	uint8_t salted[DIGEST_MAX], client_key[SCRAM_KEY_SIZE];
	struct buf prepared;

	secret_init(&prepared, PREPARED_MAX);
	if (saslprep(password, &prepared))
		password = buf_slice(&prepared);
	digest_pbkdf2(DIGEST_SHA256, password, slice_of(s->salt, s->salt_len),
	    s->iterations, salted);
	secret_fini(&prepared);
	hmac(salted, SLICE("Client Key"), client_key);
	hash(client_key, s->stored_key);
	hmac(salted, SLICE("Server Key"), s->server_key);
	explicit_bzero(salted, sizeof salted);
	explicit_bzero(client_key, sizeof client_key);
}

enum found
scram_check(struct slice stored, struct slice secret, struct err *err)
{
	struct scram_secret want, got;
	bool same;

	if (!scram_parse(stored, &want)) {
		err_set(err, ERR_TEMP, "invalid SCRAM-SHA-256 secret");
		return TEMPFAIL;
	}
	got = want;
	scram_derive(&got, secret);
	same = digest_equal(slice_of(got.stored_key, SCRAM_KEY_SIZE),
	    slice_of(want.stored_key, SCRAM_KEY_SIZE));
	explicit_bzero(&got, sizeof got);
	explicit_bzero(&want, sizeof want);
	return same ? FOUND : ABSENT;
}

int
scram_make(struct slice secret, struct buf *out, struct err *err)
{
	struct scram_secret s = { .iterations = SCRAM_ITERATIONS,
		.salt_len = SCRAM_SALT_SIZE };

	digest_random(s.salt, s.salt_len);
	scram_derive(&s, secret);
	buf_addf(out, PREFIX "%u:", s.iterations);
	base64_encode(out, slice_of(s.salt, s.salt_len));
	buf_addc(out, '$');
	base64_encode(out, slice_of(s.stored_key, SCRAM_KEY_SIZE));
	buf_addc(out, ':');
	base64_encode(out, slice_of(s.server_key, SCRAM_KEY_SIZE));
	explicit_bzero(&s, sizeof s);
	if (out->failed)
		return err_set(err, ERR_PERM, "no room for the secret");
	return 0;
}

bool
scram_proves(
    const struct scram_secret *s, struct slice message, struct slice proof)
{
	uint8_t key[SCRAM_KEY_SIZE], sum[SCRAM_KEY_SIZE];
	bool same;

	if (proof.n != SCRAM_KEY_SIZE)
		return false;
	hmac(s->stored_key, message, key); /* ClientSignature */
	for (size_t i = 0; i < SCRAM_KEY_SIZE; i++)
		key[i] ^= (uint8_t)proof.p[i]; /* ClientKey */
	hash(key, sum);
	same = digest_equal(
	    slice_of(sum, sizeof sum), slice_of(s->stored_key, SCRAM_KEY_SIZE));
	explicit_bzero(key, sizeof key);
	return same;
}

void
scram_sign(const struct scram_secret *s, struct slice message,
    uint8_t out[SCRAM_KEY_SIZE])
{
	hmac(s->server_key, message, out);
}
