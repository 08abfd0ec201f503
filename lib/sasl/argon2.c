/* SPDX-License-Identifier: ISC */
#include "sasl/argon2.h"

#include <argon2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/cur.h"
#include "tls/digest.h"

enum {
	SALT_MAX = 64,
	HASH_MAX = 64,
	/* what is in the table may cost this much, not more */
	MEMORY_MAX_KIB = 1 << 20,
	PASSES_MAX = 64,
	LANES_MAX = 64,
	/* OWASP's first choice for argon2id */
	MAKE_KIB = 19456,
	MAKE_PASSES = 2,
	MAKE_LANES = 1,
	MAKE_SALT = 16,
	MAKE_HASH = 32,
};

struct argon2_parts {
	argon2_type type;
	uint32_t version, kib, passes, lanes;
	uint8_t salt[SALT_MAX], hash[HASH_MAX];
	size_t salt_len, hash_len;
};

/* Base 64 without padding. */
static size_t
take_bytes(struct cur *c, struct slice digits, uint8_t *to, size_t max)
{
	struct buf raw, padded;
	size_t n;

	buf_init(&raw, max);
	buf_init(&padded, 4 * max);
	buf_add(&padded, digits);
	while (padded.n % 4 != 0 && !padded.failed)
		buf_addc(&padded, '=');
	if (padded.failed || !base64_decode(&raw, buf_slice(&padded)))
		cur_fail(c);
	n = cur_ok(c) ? raw.n : 0;
	if (n > 0)
		memcpy(to, raw.p, n);
	buf_fini(&raw);
	buf_fini(&padded);
	return n;
}

/* $argon2id$v=19$m=19456,t=2,p=1$salt$hash */
static bool
parse(struct slice stored, struct argon2_parts *p)
{
	struct cur c = cur_of(stored);

	*p = (struct argon2_parts){ .version = 0x10 };
	if (cur_try(&c, "$argon2id$"))
		p->type = Argon2_id;
	else if (cur_try(&c, "$argon2i$"))
		p->type = Argon2_i;
	else
		return false;
	if (cur_try(&c, "v=")) {
		p->version = (uint32_t)cur_u64(&c, 0x13);
		cur_lit(&c, "$");
	}
	cur_lit(&c, "m=");
	p->kib = (uint32_t)cur_u64(&c, MEMORY_MAX_KIB);
	cur_lit(&c, ",t=");
	p->passes = (uint32_t)cur_u64(&c, PASSES_MAX);
	cur_lit(&c, ",p=");
	p->lanes = (uint32_t)cur_u64(&c, LANES_MAX);
	cur_lit(&c, "$");
	p->salt_len = take_bytes(&c, cur_until(&c, '$'), p->salt, SALT_MAX);
	p->hash_len = take_bytes(&c, cur_rest(&c), p->hash, HASH_MAX);
	return cur_ok(&c) && p->salt_len >= ARGON2_MIN_SALT_LENGTH &&
	       p->hash_len >= ARGON2_MIN_OUTLEN &&
	       (p->version == 0x10 || p->version == 0x13);
}

/* Hash SECRET as P says, to OUT of P->hash_len bytes. */
static int
run(const struct argon2_parts *p, struct slice secret, uint8_t *out)
{
	struct argon2_parts copy = *p;
	char pwd[512];
	argon2_context ctx = {
		.out = out,
		.outlen = (uint32_t)p->hash_len,
		.pwd = (uint8_t *)pwd,
		.pwdlen = (uint32_t)secret.n,
		.salt = copy.salt,
		.saltlen = (uint32_t)p->salt_len,
		.t_cost = p->passes,
		.m_cost = p->kib,
		.lanes = p->lanes,
		.threads = 1,
		.version = p->version,
		.flags = ARGON2_FLAG_CLEAR_PASSWORD,
	};
	int rc;

	if (secret.n >= sizeof pwd)
		return ARGON2_PWD_TOO_LONG;
	if (secret.n > 0)
		memcpy(pwd, secret.p, secret.n);
	rc = argon2_ctx(&ctx, p->type);
	explicit_bzero(pwd, sizeof pwd);
	return rc;
}

enum found
argon2_check(struct slice stored, struct slice secret, struct err *err)
{
	uint8_t got[HASH_MAX];
	struct argon2_parts p;
	bool same;
	int rc;

	if (!parse(stored, &p)) {
		err_set(err, ERR_TEMP, "invalid Argon2 hash");
		return TEMPFAIL;
	}
	rc = run(&p, secret, got);
	if (rc != ARGON2_OK) {
		err_set(err, ERR_TEMP, "Argon2: %s", argon2_error_message(rc));
		return TEMPFAIL;
	}
	same = digest_equal(
	    slice_of(got, p.hash_len), slice_of(p.hash, p.hash_len));
	explicit_bzero(got, sizeof got);
	return same ? FOUND : ABSENT;
}

static void
add_bytes(struct buf *out, const uint8_t *p, size_t n)
{
	base64_encode(out, slice_of(p, n));
	while (out->n > 0 && out->p[out->n - 1] == '=')
		buf_truncate(out, out->n - 1);
}

int
argon2_make(struct slice secret, struct buf *out, struct err *err)
{
	struct argon2_parts p = {
		.type = Argon2_id,
		.version = ARGON2_VERSION_13,
		.kib = MAKE_KIB,
		.passes = MAKE_PASSES,
		.lanes = MAKE_LANES,
		.salt_len = MAKE_SALT,
		.hash_len = MAKE_HASH,
	};
	int rc;

	digest_random(p.salt, p.salt_len);
	rc = run(&p, secret, p.hash);
	if (rc != ARGON2_OK)
		return err_set(
		    err, ERR_TEMP, "Argon2: %s", argon2_error_message(rc));
	buf_addf(out, "$argon2id$v=%u$m=%u,t=%u,p=%u$", p.version, p.kib,
	    p.passes, p.lanes);
	add_bytes(out, p.salt, p.salt_len);
	buf_addc(out, '$');
	add_bytes(out, p.hash, p.hash_len);
	return 0;
}
