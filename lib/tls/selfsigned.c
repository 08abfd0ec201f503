/* SPDX-License-Identifier: ISC */
#include "tls/selfsigned.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/must.h"
#include "tls/fail.h"

/* A random positive serial number of 127 bits. */
static int
set_serial(X509 *x)
{
	unsigned char raw[16];
	BIGNUM *bn;
	int ok;

	if (RAND_bytes(raw, sizeof raw) != 1)
		return 0;
	raw[0] = (unsigned char)((raw[0] & 0x7f) | 0x40);
	bn = BN_bin2bn(raw, sizeof raw, NULL);
	ok = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x));
	BN_free(bn);
	return ok;
}

static int
set_validity(X509 *x, int days)
{
	const int day_s = 24 * 3600;

	return X509_gmtime_adj(X509_getm_notBefore(x),
		   days < 0 ? (long)(days - 1) * day_s : -3600L) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(x), (long)days * day_s) !=
		   NULL;
}

static void
add_san(GENERAL_NAMES *sans, struct slice name)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();

	must(g != NULL && s != NULL);
	must(ASN1_STRING_set(s, name.p, (int)name.n) == 1);
	GENERAL_NAME_set0_value(g, GEN_DNS, s);
	must(sk_GENERAL_NAME_push(sans, g) > 0);
}

static int
set_names(X509 *x, struct slice hostname, const struct slice *alt, size_t nalt)
{
	X509_NAME *name = X509_get_subject_name(x);
	GENERAL_NAMES *sans = sk_GENERAL_NAME_new_null();
	int ok;

	must(sans != NULL);
	add_san(sans, hostname);
	for (size_t i = 0; i < nalt; i++)
		add_san(sans, alt[i]);
	/* A common name has at most 64 bytes; the SAN is what counts. */
	ok = X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		 (const unsigned char *)hostname.p,
		 (int)(hostname.n <= 64 ? hostname.n : 64), -1, 0) == 1 &&
	     X509_set_issuer_name(x, name) == 1 &&
	     X509_add1_ext_i2d(
		 x, NID_subject_alt_name, sans, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(sans);
	return ok;
}

static int
set_basic(X509 *x)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	int ok;

	must(bc != NULL);
	bc->ca = 0;
	ok = X509_add1_ext_i2d(
		 x, NID_basic_constraints, bc, 1, X509V3_ADD_DEFAULT) == 1;
	BASIC_CONSTRAINTS_free(bc);
	return ok;
}

/* What a memory BIO holds to OUT, wiped behind us. */
static void
move_bio(BIO *bio, struct buf *out)
{
	char *p = NULL;
	const long n = BIO_get_mem_data(bio, &p);

	must(n > 0);
	buf_add(out, slice_of(p, (size_t)n));
	OPENSSL_cleanse(p, (size_t)n);
}

static int
write_pem(EVP_PKEY *key, X509 *x, struct buf *cert_pem, struct buf *key_pem)
{
	BIO *c = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_mem());
	int ok;

	must(c != NULL && k != NULL);
	ok = PEM_write_bio_X509(c, x) == 1 &&
	     PEM_write_bio_PKCS8PrivateKey(k, key, NULL, NULL, 0, NULL, NULL) ==
		 1;
	if (ok) {
		move_bio(c, cert_pem);
		move_bio(k, key_pem);
	}
	BIO_free(c);
	BIO_free(k);
	return ok;
}

static int
make(EVP_PKEY *key, struct slice hostname, const struct slice *alt, size_t nalt,
    int days, struct buf *cert_pem, struct buf *key_pem, struct err *err)
{
	X509 *x = X509_new();
	bool ok;

	must(x != NULL);
	ok = key != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	     set_serial(x) && set_validity(x, days) &&
	     set_names(x, hostname, alt, nalt) && set_basic(x) &&
	     X509_set_pubkey(x, key) == 1 &&
	     X509_sign(x, key, EVP_sha256()) > 0 &&
	     write_pem(key, x, cert_pem, key_pem);
	X509_free(x);
	EVP_PKEY_free(key);
	if (!ok)
		return tls_fail(err, ERR_PERM, "make a certificate");
	if (cert_pem->failed || key_pem->failed)
		return err_set(err, ERR_PERM, "certificate too long");
	return 0;
}

int
selfsigned_make(struct slice hostname, const struct slice *alt, size_t nalt,
    int days, struct buf *cert_pem, struct buf *key_pem, struct err *err)
{
	ERR_clear_error();
	return make(EVP_EC_gen("P-256"), hostname, alt, nalt, days, cert_pem,
	    key_pem, err);
}

int
selfsigned_make_rsa(unsigned bits, struct slice hostname,
    const struct slice *alt, size_t nalt, int days, struct buf *cert_pem,
    struct buf *key_pem, struct err *err)
{
	ERR_clear_error();
	return make(EVP_RSA_gen(bits), hostname, alt, nalt, days, cert_pem,
	    key_pem, err);
}
