/* SPDX-License-Identifier: ISC */
#include "tls/privkey.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "tls/cert_x509.h"
#include "tls/digest.h"
#include "tls/fail.h"

struct privkey {
	EVP_PKEY *key;
	enum cert_type type;
	char id[CERT_KEY_ID_SIZE];
};

/* What DigestInfo begins with (RFC 8017 9.2, note 1); the digest follows. */
/* clang-format off */
static const struct {
	enum digest_alg alg;
	unsigned char head[19];
} digest_infos[] = {
	{ DIGEST_SHA256, { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 } },
	{ DIGEST_SHA384, { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30 } },
	{ DIGEST_SHA512, { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40 } },
};
/* clang-format on */

/* Nobody is there to ask for a passphrase. */
static int
no_passphrase(char *buf, int size, int rw, void *arg)
{
	(void)buf, (void)size, (void)rw, (void)arg;
	return -1;
}

static int
examine(struct privkey *k, struct err *err)
{
	if (EVP_PKEY_is_a(k->key, "RSA")) {
		const int bits = EVP_PKEY_get_bits(k->key);

		k->type = CERT_RSA;
		if (bits < 2048 || bits > 8 * TLS_SIGN_DATA_MAX)
			return err_set(
			    err, ERR_PERM, "RSA key of %d bits", bits);
	} else if (EVP_PKEY_is_a(k->key, "EC")) {
		k->type = CERT_EC;
	} else {
		return err_set(
		    err, ERR_PERM, "private key is neither RSA nor EC");
	}
	return cert_spki_id(k->key, k->id, err);
}

int
privkey_parse(struct slice pem, struct privkey **out, struct err *err)
{
	struct privkey *k;
	BIO *bio;
	int rc;

	*out = NULL;
	if (pem.n == 0 || pem.n > CERT_PEM_MAX)
		return err_set(err, ERR_PERM, "no private key found");
	ERR_clear_error();
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	must(bio != NULL);
	k = xcalloc(1, sizeof *k);
	k->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (k->key == NULL)
		rc = tls_fail(err, ERR_PERM, "read private key");
	else
		rc = examine(k, err);
	if (rc == -1)
		privkey_free(&k);
	*out = k;
	return rc;
}

void
privkey_free(struct privkey **k)
{
	if (*k == NULL)
		return;
	EVP_PKEY_free((*k)->key); /* clears the numbers */
	xfree(k);
}

const char *
privkey_id(const struct privkey *k)
{
	return k->id;
}

enum cert_type
privkey_type(const struct privkey *k)
{
	return k->type;
}

static bool
is_digest_info(struct slice d)
{
	for (size_t i = 0; i < ARRAY_LEN(digest_infos); i++) {
		const struct slice head =
		    slice_of(digest_infos[i].head, sizeof digest_infos[i].head);

		if (slice_starts(d, head) &&
		    d.n == head.n + digest_size(digest_infos[i].alg))
			return true;
	}
	return false;
}

/* XOR the mask that MGF1 (RFC 8017 B.2.1) makes of SEED onto OUT. */
static void
mgf1_xor(enum digest_alg alg, struct slice seed, uint8_t *out, size_t n)
{
	uint8_t sum[DIGEST_MAX];
	size_t at = 0;

	for (uint32_t counter = 0; at < n; counter++) {
		const uint8_t be[4] = { (uint8_t)(counter >> 24),
			(uint8_t)(counter >> 16), (uint8_t)(counter >> 8),
			(uint8_t)counter };
		struct digest *d = digest_begin(alg);
		size_t got;

		digest_add(d, seed);
		digest_add(d, slice_of(be, sizeof be));
		got = digest_end(&d, sum);
		for (size_t i = 0; i < got && at < n; i++)
			out[at++] ^= sum[i];
	}
}

/* EMSA-PSS (RFC 8017 9.1.1) with a salt as long as the digest, as TLS has it
 * (RFC 8446 4.2.3): masked padding of zeros, 01, salt; digest; bc.  The digest
 * itself may be anything, but what comes out for a block that somebody wants
 * decrypted would have to have this form by chance. */
static bool
is_pss_block(enum digest_alg alg, struct slice block)
{
	const size_t h = digest_size(alg);
	uint8_t db[TLS_SIGN_DATA_MAX];
	size_t n;

	if (block.n > sizeof db || block.n < 2 * h + 2 ||
	    (uint8_t)block.p[block.n - 1] != 0xbc ||
	    ((uint8_t)block.p[0] & 0x80) != 0)
		return false;
	n = block.n - h - 1;
	memcpy(db, block.p, n);
	mgf1_xor(alg, slice_of(block.p + n, h), db, n);
	db[0] &= 0x7f;
	for (size_t i = 0; i < n - h - 1; i++)
		if (db[i] != 0)
			return false;
	return db[n - h - 1] == 1;
}

/* Is DATA what OP signs with a key like this? */
static bool
is_signable(const struct privkey *k, enum tls_sign_op op, struct slice data)
{
	switch (op) {
	case TLS_SIGN_RSA_PKCS1:
		return k->type == CERT_RSA && is_digest_info(data);
	case TLS_SIGN_RSA_PSS:
		return k->type == CERT_RSA &&
		       data.n == (size_t)EVP_PKEY_get_size(k->key) &&
		       (is_pss_block(DIGEST_SHA256, data) ||
			   is_pss_block(DIGEST_SHA384, data) ||
			   is_pss_block(DIGEST_SHA512, data));
	case TLS_SIGN_ECDSA:
		return k->type == CERT_EC && data.n >= 20 && data.n <= 64;
	}
	return false;
}

static bool
set_padding(EVP_PKEY_CTX *ctx, enum tls_sign_op op)
{
	switch (op) {
	case TLS_SIGN_RSA_PKCS1:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	case TLS_SIGN_RSA_PSS:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) > 0;
	case TLS_SIGN_ECDSA:
		return true;
	}
	return false;
}

int
privkey_sign(const struct privkey *k, enum tls_sign_op op, struct slice data,
    struct buf *out, struct err *err)
{
	EVP_PKEY_CTX *ctx;
	unsigned char sig[TLS_SIGNATURE_MAX];
	size_t n = sizeof sig;
	bool ok;

	if (!is_signable(k, op, data))
		return err_set(err, ERR_PERM, "not a signature of this key");
	ERR_clear_error();
	ctx = EVP_PKEY_CTX_new(k->key, NULL);
	must(ctx != NULL);
	ok = EVP_PKEY_sign_init(ctx) > 0 && set_padding(ctx, op) &&
	     EVP_PKEY_sign(
		 ctx, sig, &n, (const unsigned char *)data.p, data.n) > 0;
	EVP_PKEY_CTX_free(ctx);
	if (!ok)
		return tls_fail(err, ERR_TEMP, "sign");
	buf_add(out, slice_of(sig, n));
	return 0;
}
