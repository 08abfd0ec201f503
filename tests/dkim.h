/* SPDX-License-Identifier: ISC */
/* Signing in tests, with keys made for them, and verifying against a zone. */
#ifndef TESTS_DKIM_H
#define TESTS_DKIM_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/must.h"
#include "dkim/message.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "dns/zone.h"

static inline EVP_PKEY *
dkim_test_key(unsigned rsa_bits)
{
	EVP_PKEY *key = rsa_bits > 0 ? EVP_PKEY_Q_keygen(
					   NULL, NULL, "RSA", (size_t)rsa_bits)
				     : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	must(key != NULL);
	return key;
}

/* A signature of a digest: what dkim_sign_begin says. */
static inline void
dkim_test_sign(EVP_PKEY *key, const uint8_t digest[32], struct buf *out)
{
	const bool rsa = EVP_PKEY_is_a(key, "RSA");
	unsigned char sig[1024];
	size_t n = sizeof sig;

	if (rsa) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

		must(EVP_PKEY_sign_init(ctx) == 1 &&
		     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
		     EVP_PKEY_sign(ctx, sig, &n, digest, 32) == 1);
		EVP_PKEY_CTX_free(ctx);
	} else {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		     EVP_DigestSign(ctx, sig, &n, digest, 32) == 1);
		EVP_MD_CTX_free(ctx);
	}
	buf_add(out, slice_of(sig, n));
}

/* "NAME TXT "<tags>p=...""\n */
static inline void
dkim_test_record(
    EVP_PKEY *key, const char *name, const char *tags, struct buf *zone)
{
	unsigned char raw[32], *der = NULL;
	size_t nraw = sizeof raw;
	const bool rsa = EVP_PKEY_is_a(key, "RSA");
	int n = 0;

	buf_addf(zone, "%s TXT \"%sp=", name, tags);
	if (rsa) {
		n = i2d_PUBKEY(key, &der);
		must(n > 0);
		base64_encode(zone, slice_of(der, (size_t)n));
	} else {
		must(EVP_PKEY_get_raw_public_key(key, raw, &nraw) == 1);
		base64_encode(zone, slice_of(raw, nraw));
	}
	buf_adds(zone, "\"\n");
	OPENSSL_free(der);
}

/* Read MESSAGE in pieces of CHUNK bytes. */
static inline void
dkim_test_read(struct dkim_message *m, struct slice message, size_t chunk)
{
	for (size_t i = 0; i < message.n; i += chunk)
		dkim_message_add(m, slice_sub(message, i, chunk));
	dkim_message_end(m);
}

/* All verdicts on M. */
static inline size_t
dkim_test_verify(const struct dkim_message *m, const char *zone_text,
    int64_t now_s, struct dkim_verdict *v)
{
	struct err err = { .text = "" };
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), &err);
	struct dns_answers answers;
	size_t n;

	must(zone != NULL);
	dns_answers_init(&answers);
	while (!dkim_verify(m, &answers, now_s, v, &n))
		dns_zone_answer(zone, &answers);
	dns_answers_fini(&answers);
	dns_zone_free(&zone);
	return n;
}

/* FIELD becomes the signature of HEAD (without its empty line) and BODY. */
static inline void
dkim_test_make(EVP_PKEY *key, const struct dkim_sign *how, struct slice head,
    struct slice body, struct buf *field)
{
	struct buf sig = { .max = 2048 };
	struct dkim_message m;
	uint8_t digest[32];

	dkim_message_init(&m, &dkim_limits_default);
	dkim_message_want(&m, how->body);
	dkim_message_add(&m, head);
	dkim_message_add(&m, SLICE("\r\n"));
	dkim_message_add(&m, body);
	dkim_message_end(&m);
	dkim_sign_begin(&m, how, field, digest);
	dkim_test_sign(key, digest, &sig);
	dkim_sign_end(field, buf_slice(&sig));
	buf_fini(&sig);
	dkim_message_fini(&m);
}

#endif
