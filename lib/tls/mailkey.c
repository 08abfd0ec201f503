/* SPDX-License-Identifier: ISC */
#include "tls/mailkey.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/must.h"
#include "tls/fail.h"

enum { RSA_BITS = 2048, RSA_BITS_MAX = 4096, ED25519_BYTES = 32 };

struct mailkey {
	EVP_PKEY *key;
	enum mailkey_type type;
};

/* Nobody is there to ask for a passphrase. */
static int
no_passphrase(char *buf, int size, int rw, void *arg)
{
	(void)buf, (void)size, (void)rw, (void)arg;
	return -1;
}

static int
examine(struct mailkey *k, struct err *err)
{
	const int bits = EVP_PKEY_get_bits(k->key);

	if (EVP_PKEY_is_a(k->key, "ED25519")) {
		k->type = MAILKEY_ED25519;
		return 0;
	}
	if (!EVP_PKEY_is_a(k->key, "RSA"))
		return err_set(
		    err, ERR_PERM, "private key is neither RSA nor Ed25519");
	if (bits < RSA_BITS || bits > RSA_BITS_MAX)
		return err_set(err, ERR_PERM, "RSA key of %d bits", bits);
	k->type = MAILKEY_RSA;
	return 0;
}

int
mailkey_parse(struct slice pem, struct mailkey **out, struct err *err)
{
	struct mailkey *k;
	BIO *bio;
	int rc;

	*out = NULL;
	if (pem.n == 0 || pem.n > MAILKEY_PEM_MAX)
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
		mailkey_free(&k);
	*out = k;
	return rc;
}

void
mailkey_free(struct mailkey **k)
{
	if (*k == NULL)
		return;
	EVP_PKEY_free((*k)->key); /* clears the numbers */
	xfree(k);
}

int
mailkey_make(enum mailkey_type type, struct buf *pem, struct err *err)
{
	EVP_PKEY *key = type == MAILKEY_RSA
			    ? EVP_RSA_gen(RSA_BITS)
			    : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	must(bio != NULL);
	if (key == NULL || PEM_write_bio_PKCS8PrivateKey(
			       bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
		EVP_PKEY_free(key);
		BIO_free(bio);
		return tls_fail(err, ERR_TEMP, "make a private key");
	}
	n = BIO_get_mem_data(bio, &p);
	must(n > 0);
	buf_add(pem, slice_of(p, (size_t)n));
	OPENSSL_cleanse(p, (size_t)n);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return 0;
}

enum mailkey_type
mailkey_type(const struct mailkey *k)
{
	return k->type;
}

void
mailkey_public(const struct mailkey *k, struct buf *out)
{
	unsigned char raw[ED25519_BYTES], *der = NULL;
	size_t n = sizeof raw;
	int nder;

	if (k->type == MAILKEY_ED25519) {
		must(EVP_PKEY_get_raw_public_key(k->key, raw, &n) == 1);
		base64_encode(out, slice_of(raw, n));
		return;
	}
	nder = i2d_PUBKEY(k->key, &der);
	must(nder > 0);
	base64_encode(out, slice_of(der, (size_t)nder));
	OPENSSL_free(der);
}

static bool
sign_rsa(EVP_PKEY *key, const uint8_t digest[32], unsigned char *sig, size_t *n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool ok;

	must(ctx != NULL);
	ok = EVP_PKEY_sign_init(ctx) > 0 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
	     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
	     EVP_PKEY_sign(ctx, sig, n, digest, 32) > 0;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool
sign_ed25519(
    EVP_PKEY *key, const uint8_t digest[32], unsigned char *sig, size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	must(ctx != NULL);
	ok = EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestSign(ctx, sig, n, digest, 32) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

int
mailkey_sign(const struct mailkey *k, const uint8_t digest[32], struct buf *out,
    struct err *err)
{
	unsigned char sig[MAILKEY_SIGNATURE_MAX];
	size_t n = sizeof sig;
	bool ok;

	ERR_clear_error();
	ok = k->type == MAILKEY_RSA ? sign_rsa(k->key, digest, sig, &n)
				    : sign_ed25519(k->key, digest, sig, &n);
	if (!ok)
		return tls_fail(err, ERR_TEMP, "sign");
	buf_add(out, slice_of(sig, n));
	return 0;
}
