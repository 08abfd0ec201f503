/* SPDX-License-Identifier: ISC */
#include "tls/pubkey.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cur.h"
#include "base/mem.h"
#include "base/must.h"

enum {
	RSA_BITS_MIN = 2048,
	RSA_BITS_ANY = 512,
	RSA_BITS_MAX = 8192,
	P256_BYTES = 32,
	P256_BITS = 256,
	NUMBER_MAX = RSA_BITS_MAX / 8 + 1,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_SEQUENCE = 0x30,
};

struct tls_pubkey {
	EVP_PKEY *pkey;
	enum tls_pubkey_alg alg;
};

static const unsigned char *
bytes_of(struct slice s)
{
	return (const unsigned char *)(s.n > 0 ? s.p : "");
}

/* PKEY is taken over, or freed; RSA from BITS_MIN bits on. */
static struct tls_pubkey *
adopt_from(EVP_PKEY *pkey, int bits_min, struct err *err)
{
	const int bits = pkey != NULL ? EVP_PKEY_get_bits(pkey) : 0;
	struct tls_pubkey *k = xcalloc(1, sizeof *k);
	char group[32] = "";

	k->pkey = pkey;
	ERR_clear_error();
	if (pkey == NULL) {
		err_set(err, ERR_PERM, "no public key");
	} else if (EVP_PKEY_is_a(pkey, "RSA")) {
		k->alg = PUBKEY_RS256;
		if (bits >= bits_min && bits <= RSA_BITS_MAX)
			return k;
		err_set(err, ERR_PERM, "an RSA key of %d bits", bits);
	} else if (EVP_PKEY_is_a(pkey, "ED25519")) {
		k->alg = PUBKEY_EDDSA;
		return k;
	} else if (EVP_PKEY_is_a(pkey, "EC") &&
		   EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) ==
		       1 &&
		   (strcmp(group, "prime256v1") == 0 ||
		       strcmp(group, "P-256") == 0)) {
		k->alg = PUBKEY_ES256;
		return k;
	} else {
		err_set(err, ERR_PERM,
		    "a key that is neither RSA, P-256 nor Ed25519");
	}
	ERR_clear_error();
	tls_pubkey_free(&k);
	return NULL;
}

static struct tls_pubkey *
adopt(EVP_PKEY *pkey, struct err *err)
{
	return adopt_from(pkey, RSA_BITS_MIN, err);
}

static EVP_PKEY *
from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	must(params != NULL && ctx != NULL);
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static struct tls_pubkey *
rsa_from(struct slice n, struct slice e, int bits_min, struct err *err)
{
	OSSL_PARAM_BLD *bld;
	BIGNUM *bn, *be;
	EVP_PKEY *pkey;

	if (n.n == 0 || n.n > NUMBER_MAX || e.n == 0 || e.n > 8) {
		err_set(err, ERR_PERM, "no RSA key");
		return NULL;
	}
	bld = OSSL_PARAM_BLD_new();
	bn = BN_bin2bn(bytes_of(n), (int)n.n, NULL);
	be = BN_bin2bn(bytes_of(e), (int)e.n, NULL);
	must(bld != NULL && bn != NULL && be != NULL);
	must(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	     OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) == 1);
	pkey = from_params("RSA", bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	return adopt_from(pkey, bits_min, err);
}

struct tls_pubkey *
tls_pubkey_rsa(struct slice n, struct slice e, struct err *err)
{
	return rsa_from(n, e, RSA_BITS_MIN, err);
}

struct tls_pubkey *
tls_pubkey_p256(struct slice x, struct slice y, struct err *err)
{
	uint8_t point[1 + 2 * P256_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM_BLD *bld;
	EVP_PKEY *pkey;

	if (x.n != P256_BYTES || y.n != P256_BYTES) {
		err_set(err, ERR_PERM, "no point of P-256");
		return NULL;
	}
	memcpy(point + 1, x.p, P256_BYTES);
	memcpy(point + 1 + P256_BYTES, y.p, P256_BYTES);
	bld = OSSL_PARAM_BLD_new();
	must(bld != NULL);
	must(OSSL_PARAM_BLD_push_utf8_string(
		 bld, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
	     OSSL_PARAM_BLD_push_octet_string(
		 bld, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1);
	pkey = from_params("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return adopt(pkey, err);
}

struct tls_pubkey *
tls_pubkey_ed25519(struct slice x, struct err *err)
{
	return adopt(EVP_PKEY_new_raw_public_key(
			 EVP_PKEY_ED25519, NULL, bytes_of(x), x.n),
	    err);
}

struct tls_pubkey *
tls_pubkey_pem(struct slice pem, struct err *err)
{
	EVP_PKEY *pkey = NULL;
	X509 *cert = NULL;
	BIO *bio;

	must(pem.n <= INT_MAX);
	bio = BIO_new_mem_buf(bytes_of(pem), (int)pem.n);
	must(bio != NULL);
	if (slice_search(pem, SLICE("-----BEGIN CERTIFICATE")) < pem.n)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	else
		pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (cert != NULL)
		pkey = X509_get_pubkey(cert);
	X509_free(cert);
	BIO_free(bio);
	return adopt(pkey, err);
}

/* The content of the next value of DER, which must have TAG (X.690 8.1). */
static struct slice
take_der(struct cur *c, int tag)
{
	size_t n;
	int b;

	if (cur_byte(c) != tag)
		cur_fail(c);
	b = cur_byte(c);
	n = b > 0 ? (size_t)b : 0;
	if (n > 0x7f) { /* the length of the length, of which two are enough */
		const size_t digits = n & 0x7f;

		n = 0;
		for (size_t i = 0; i < digits && digits <= 2; i++) {
			b = cur_byte(c);
			n = n << 8 | (size_t)(b > 0 ? b : 0);
		}
		if (n < 0x80)
			cur_fail(c);
	}
	return cur_take(c, n);
}

static bool
is_positive(struct slice number)
{
	return number.n > 0 && (number.p[0] & 0x80) == 0;
}

static struct tls_pubkey *
rsa_from_der(struct slice der, struct err *err)
{
	struct cur c = cur_of(der), list = cur_of(take_der(&c, DER_SEQUENCE));
	const struct slice n = take_der(&list, DER_INTEGER);
	const struct slice e = take_der(&list, DER_INTEGER);

	if (!cur_end(&c) || !cur_end(&list) || !is_positive(n) ||
	    !is_positive(e)) {
		err_set(err, ERR_PERM, "no RSA key");
		return NULL;
	}
	return rsa_from(n, e, RSA_BITS_ANY, err);
}

/* By hand: OpenSSL's decoder costs five times what a signature does. */
struct tls_pubkey *
tls_pubkey_der(struct slice der, struct err *err)
{
	static const struct slice rsa =
	    SLICE("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");
	static const struct slice ed25519 = SLICE("\x06\x03\x2b\x65\x70");
	struct cur c = cur_of(der), list = cur_of(take_der(&c, DER_SEQUENCE));
	struct slice alg, key;

	if (cur_end(&c) && cur_peek(&list) == DER_INTEGER)
		return rsa_from_der(der, err);
	alg = take_der(&list, DER_SEQUENCE);
	key = take_der(&list, DER_BIT_STRING);
	/* no bit of its last byte is unused */
	if (cur_end(&c) && cur_end(&list) && key.n > 0 && key.p[0] == 0) {
		key = slice_from(key, 1);
		if (slice_eq(alg, rsa))
			return rsa_from_der(key, err);
		if (slice_eq(alg, ed25519))
			return tls_pubkey_ed25519(key, err);
	}
	err_set(err, ERR_PERM, "no public key of RSA or Ed25519");
	return NULL;
}

void
tls_pubkey_free(struct tls_pubkey **k)
{
	if (*k == NULL)
		return;
	EVP_PKEY_free((*k)->pkey);
	xfree(k);
}

enum tls_pubkey_alg
tls_pubkey_alg(const struct tls_pubkey *k)
{
	return k->alg;
}

unsigned
tls_pubkey_bits(const struct tls_pubkey *k)
{
	return (unsigned)EVP_PKEY_get_bits(k->pkey);
}

static bool
verify(const struct tls_pubkey *k, const EVP_MD *md, struct slice data,
    const unsigned char *sig, size_t n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	must(ctx != NULL);
	good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, k->pkey) == 1 &&
	       EVP_DigestVerify(ctx, sig, n, bytes_of(data), data.n) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

/* OpenSSL wants the two numbers in DER. */
static bool
verify_es256(
    const struct tls_pubkey *k, struct slice data, struct slice signature)
{
	const unsigned char *p = bytes_of(signature);
	unsigned char *der = NULL;
	ECDSA_SIG *sig;
	BIGNUM *r, *s;
	bool good = false;
	int n;

	if (signature.n != (size_t)2 * P256_BYTES)
		return false;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(p, P256_BYTES, NULL);
	s = BN_bin2bn(p + P256_BYTES, P256_BYTES, NULL);
	must(sig != NULL && r != NULL && s != NULL);
	must(ECDSA_SIG_set0(sig, r, s) == 1);
	n = i2d_ECDSA_SIG(sig, &der);
	if (n > 0)
		good = verify(k, EVP_sha256(), data, der, (size_t)n);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	return good;
}

bool
tls_pubkey_verify(
    const struct tls_pubkey *k, struct slice data, struct slice signature)
{
	switch (k->alg) {
	case PUBKEY_RS256:
		return verify(
		    k, EVP_sha256(), data, bytes_of(signature), signature.n);
	case PUBKEY_ES256:
		return verify_es256(k, data, signature);
	case PUBKEY_EDDSA:
		return verify(k, NULL, data, bytes_of(signature), signature.n);
	}
	return false;
}
