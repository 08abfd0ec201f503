/* SPDX-License-Identifier: ISC */
/*
 * Key methods whose private operation goes to another process.  OpenSSL 3
 * calls these interfaces deprecated, but offers a provider of several hundred
 * lines as the only other way; all use of them stays in this file.
 */
#include "tls/remote_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/must.h"
#include "tls/fail.h"
#include "tls/wait.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* One for the process: methods are constant tables, like OpenSSL's own. */
static RSA_METHOD *rsa_method;
static EC_KEY_METHOD *ec_method;
static int rsa_index;
static int ec_index;
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

/* TLS asks for PKCS #1 signatures with the padding still to do, for PSS with
 * the block complete.  Anything else is not TLS's business. */
static int
rsa_private(
    int n, const unsigned char *in, unsigned char *out, RSA *rsa, int padding)
{
	const struct cert *c = RSA_get_ex_data(rsa, rsa_index);
	const size_t size = (size_t)RSA_size(rsa);
	enum tls_sign_op op;

	if (padding == RSA_PKCS1_PADDING)
		op = TLS_SIGN_RSA_PKCS1;
	else if (padding == RSA_NO_PADDING)
		op = TLS_SIGN_RSA_PSS;
	else
		return -1;
	if (n < 0 || tls_wait_sign(c->key_id, op, slice_of(in, (size_t)n), out,
			 size) != size)
		return -1;
	return (int)size;
}

static int
rsa_no_decrypt(
    int n, const unsigned char *in, unsigned char *out, RSA *rsa, int padding)
{
	(void)n, (void)in, (void)out, (void)rsa, (void)padding;
	return -1;
}

static int
ec_sign(int type, const unsigned char *digest, int n, unsigned char *out,
    unsigned int *outlen, const BIGNUM *kinv, const BIGNUM *r, EC_KEY *key)
{
	const struct cert *c = EC_KEY_get_ex_data(key, ec_index);
	const int max = ECDSA_size(key);
	size_t got;

	(void)type, (void)kinv, (void)r;
	*outlen = 0;
	if (n < 0 || max <= 0)
		return 0;
	got = tls_wait_sign(c->key_id, TLS_SIGN_ECDSA,
	    slice_of(digest, (size_t)n), out, (size_t)max);
	*outlen = (unsigned)got;
	return got > 0;
}

static void
make_methods(void)
{
	rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	ec_method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	must(rsa_method != NULL && ec_method != NULL);
	RSA_meth_set_priv_enc(rsa_method, rsa_private);
	RSA_meth_set_priv_dec(rsa_method, rsa_no_decrypt);
	EC_KEY_METHOD_set_sign(ec_method, ec_sign, NULL, NULL);
	rsa_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	must(rsa_index >= 0 && ec_index >= 0);
}

/* A key of our own with C's public half: the one inside the X509 may be
 * shared and stays as it is. */
static int
attach_rsa(struct cert *c, EVP_PKEY *pub)
{
	RSA *rsa = RSAPublicKey_dup(EVP_PKEY_get0_RSA(pub));

	if (rsa == NULL)
		return -1;
	if (RSA_set_method(rsa, rsa_method) != 1 ||
	    RSA_set_ex_data(rsa, rsa_index, c) != 1 ||
	    EVP_PKEY_assign_RSA(c->remote, rsa) != 1) {
		RSA_free(rsa);
		return -1;
	}
	return 0;
}

static int
attach_ec(struct cert *c, EVP_PKEY *pub)
{
	EC_KEY *ec = EC_KEY_dup(EVP_PKEY_get0_EC_KEY(pub));

	if (ec == NULL)
		return -1;
	if (EC_KEY_set_method(ec, ec_method) != 1 ||
	    EC_KEY_set_ex_data(ec, ec_index, c) != 1 ||
	    EVP_PKEY_assign_EC_KEY(c->remote, ec) != 1) {
		EC_KEY_free(ec);
		return -1;
	}
	return 0;
}

int
remote_key_attach(struct cert *c, struct err *err)
{
	EVP_PKEY *pub = X509_get0_pubkey(c->leaf);
	int rc;

	must(CRYPTO_THREAD_run_once(&once, make_methods) == 1);
	c->remote = EVP_PKEY_new();
	must(c->remote != NULL);
	rc = c->type == CERT_RSA ? attach_rsa(c, pub) : attach_ec(c, pub);
	if (rc == -1)
		return tls_fail(err, ERR_PERM, "use the certificate's key");
	return 0;
}
